BUDGET: dict[str, float] = {}
