"""Bills of materials: CycloneDX or SPDX, in JSON, each validated by its own library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from golive.adapters.reports.origin import commits_in, moment
from golive.adapters.reports.reading import Report, ReportTrouble, json_of, other_dialect
from golive.adapters.schemas import first_flaw
from golive.core.plain import plain

CYCLONEDX_SITE = "http://cyclonedx.org/schema/"
CYCLONEDX, SPDX = "CycloneDX JSON", "SPDX 2.3 JSON"
SPDX_VERSIONS = ("SPDX-2.2", "SPDX-2.3")
COMMIT_PROPERTIES = ("commit", "git.commit", "vcs.revision", "build.commit")


@dataclass(frozen=True)
class Bill:
    """A valid bill: how many components, of which build, made when."""

    dialect: str
    components: int
    commits: Sequence[str]
    made_at: datetime


def bill_of(report: Report) -> Bill:
    """Give what a bill says.

    Raises:
        ReportTrouble: If it can't be read, is of another dialect, or is not valid; names the first thing that is wrong.
    """
    data = json_of(report)
    if isinstance(data, dict) and data.get("bomFormat") == "CycloneDX":
        return _cyclonedx(report, data)
    if isinstance(data, dict) and str(data.get("spdxVersion", "")).startswith("SPDX-"):
        return _spdx(report, data)
    other_dialect(report, (CYCLONEDX, SPDX))


def _cyclonedx(report: Report, data: Mapping[str, Any]) -> Bill:
    told = str(data.get("specVersion", ""))
    schemas = _cyclonedx_schemas()
    schema = schemas.get(f"bom-{told}-strict") or schemas.get(f"bom-{told}")
    if schema is None:
        raise ReportTrouble(f"{report.address}: CycloneDX {plain(told, 20)!r} is not read", f"let it be {CYCLONEDX}")
    wrong = first_flaw(
        schema, data, {f"{CYCLONEDX_SITE}{name}.SNAPSHOT.schema.json": one for name, one in schemas.items()}
    )
    if wrong:
        raise _invalid(report, "CycloneDX", wrong)
    metadata = data.get("metadata", {})
    component = metadata.get("component", {})
    return Bill(
        f"CycloneDX {told}",
        len(data.get("components", ())),
        list(_cyclonedx_commits(metadata, component)),
        moment(str(metadata.get("timestamp", ""))),
    )


def _cyclonedx_schemas() -> dict[str, Any]:
    """Give name -> schema of every version, as the library of CycloneDX brings them."""
    ends = ".SNAPSHOT.schema.json"
    folder = resources.files("cyclonedx.schema._res")
    files = [item for item in folder.iterdir() if item.name.endswith(ends)]
    return {item.name.removesuffix(ends): json.loads(item.read_text(encoding="utf-8")) for item in files}


def _cyclonedx_commits(metadata: Mapping[str, Any], component: Mapping[str, Any]) -> Iterator[str]:
    yield from commits_in([str(component.get("version", ""))])
    for commit in component.get("pedigree", {}).get("commits", ()):
        yield str(commit.get("uid", ""))
    for one in (*metadata.get("properties", ()), *component.get("properties", ())):
        if str(one.get("name", "")).lower() in COMMIT_PROPERTIES:
            yield str(one.get("value", ""))
    for reference in component.get("externalReferences", ()):
        if reference.get("type") == "vcs":
            yield from commits_in([str(reference.get("url", ""))])


def _spdx(report: Report, data: dict[str, Any]) -> Bill:
    from spdx_tools.spdx.parser.error import SPDXParsingError
    from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
    from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

    version = str(data["spdxVersion"])
    if version not in SPDX_VERSIONS:
        raise ReportTrouble(f"{report.address}: {plain(version, 20)} is not read", f"let the tool write {SPDX}")
    try:
        document = JsonLikeDictParser().parse(data)
        wrong = validate_full_spdx_document(document)
    except SPDXParsingError as error:
        raise _invalid(report, "SPDX", "; ".join(error.get_messages()[:2])) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the library's own way with odd shapes
        raise _invalid(report, "SPDX", f"{type(error).__name__}: {error}") from error
    if wrong:
        raise _invalid(report, "SPDX", wrong[0].validation_message)
    described = [
        package
        for relation in document.relationships
        if relation.relationship_type.name == "DESCRIBES"
        for package in document.packages
        if package.spdx_id == relation.related_spdx_element_id
    ]
    texts = [document.creation_info.document_namespace]
    for package in described or document.packages[:1]:
        texts += [str(package.version or ""), str(package.source_info or ""), str(package.download_location or "")]
    created = str(data.get("creationInfo", {}).get("created", ""))
    return Bill(version, len(document.packages) - len(described), commits_in(texts), moment(created))


def _invalid(report: Report, dialect: str, why: str) -> ReportTrouble:
    return ReportTrouble(f"{report.address} is no valid {dialect}: {plain(why, 150)}", "mend what the generator writes")
