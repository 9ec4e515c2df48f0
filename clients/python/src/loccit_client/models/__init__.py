"""The values that replies are made of, by subject. Each has the JSON it was made of in ``raw``."""

from loccit_client.models.answering import *
from loccit_client.models.asking import *
from loccit_client.models.citations import *
from loccit_client.models.collections import *
from loccit_client.models.conflicts import *
from loccit_client.models.documents import *
from loccit_client.models.evidence import *
from loccit_client.models.gaps import *
from loccit_client.models.jobs import *
from loccit_client.models.sources import *
from loccit_client.models.state import *
from loccit_client.models.verdicts import *
