from salus.access.actions.circle import (
    declare_professional,
    end_assistance,
    end_declaration,
    name_assistant,
)

__all__ = ["declare_professional", "end_assistance", "end_declaration", "name_assistant"]
