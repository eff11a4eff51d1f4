from salus.access.forms.circle import Assistant, NewAssistant, Professional, ProfessionalSearch
from salus.access.forms.software import Approval, Authorization, Refusal, Software, SoftwareRequest

__all__ = [
    "Approval",
    "Assistant",
    "Authorization",
    "NewAssistant",
    "Professional",
    "ProfessionalSearch",
    "Refusal",
    "Software",
    "SoftwareRequest",
]
