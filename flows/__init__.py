"""Prefect flows: thin drivers of pipeline/. The pipeline never imports them."""
