"""FHIR R4 Patient of the index (IHE PDQm, PIXm)."""

from salus.mpi.fhir.feeding import PROCESS_MESSAGE as PROCESS_MESSAGE
from salus.mpi.fhir.receiving import ACCEPTS as ACCEPTS
from salus.mpi.fhir.receiving import FINDS as FINDS
from salus.mpi.fhir.receiving import find_person as find_person
from salus.mpi.fhir.serving import patients as patients
from salus.mpi.fhir.subscribing import TOPIC as TOPIC
