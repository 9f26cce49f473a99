TABLES={"cost":0,"delay":0,"latency":0,"go-live":0,"strained":0,"let through":0,"watch":0}
def render(*a): return ""
