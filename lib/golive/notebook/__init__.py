"""What a cell calls: `go = open_phase(…)`, and one method of `go` for each question of the page."""

from golive.notebook.desk import Desk
from golive.notebook.opening import open_incident, open_phase, open_rollback, start_world_and_guard

__all__ = ["Desk", "open_incident", "open_phase", "open_rollback", "start_world_and_guard"]
