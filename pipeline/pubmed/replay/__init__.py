"""An E-utilities server on loopback over an archive of PubMed XML.

It models the protocol, not PubMed's retrieval, and reads records with code of its own, so
that it shares no mistake with the parser.
"""

from pipeline.pubmed.replay.server import (
    Archive,
    Fault,
    ReplayServer,
    Request,
    Response,
    serve,
)

__all__ = ["Archive", "Fault", "ReplayServer", "Request", "Response", "serve"]
