"""An E-utilities server on loopback over an archive of PubMed XML.

It models the protocol, not PubMed's retrieval, and reads records with code of its own, so
that it shares no mistake with the parser.
"""

from pipeline.pubmed.replay.archive import Archive
from pipeline.pubmed.replay.response import Exchange, Fault, Response
from pipeline.pubmed.replay.server import ReplayServer, Request, serve

__all__ = ["Archive", "Exchange", "Fault", "ReplayServer", "Request", "Response", "serve"]
