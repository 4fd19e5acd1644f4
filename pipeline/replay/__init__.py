"""An E-utilities server on loopback over an archive of PubMed XML.

It models the protocol, not PubMed's retrieval, and reads records with code of its own, so
that it shares no mistake with the parser.
"""

from pipeline.replay.answers import Exchange, Fault, Response
from pipeline.replay.archive import Archive
from pipeline.replay.server import ReplayServer, Request, serve

__all__ = ["Archive", "Exchange", "Fault", "ReplayServer", "Request", "Response", "serve"]
