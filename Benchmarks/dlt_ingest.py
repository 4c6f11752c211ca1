"""The other reference for ingest: dlt's REST source into SQLite, over the same pages.

Use: dlt_ingest.py BASE_URL FILE ROWS append|merge; merging stores each id once, as Bellwether does. Times extract, normalize and load
together, as a user waits for them.
"""
import json
import os
import sys
import tempfile
import time

os.environ.update(RUNTIME__LOG_LEVEL="CRITICAL", RUNTIME__DLTHUB_TELEMETRY="false", DLT_DATA_DIR=tempfile.mkdtemp())

import dlt  # noqa: E402  (reads the environment above)
from dlt.sources.rest_api import rest_api_source  # noqa: E402

base, path, expected, disposition = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
source = rest_api_source({
    "client": {"base_url": base},
    "resources": [{
        "name": "event",
        "primary_key": "id",
        "write_disposition": disposition,
        "endpoint": {
            "path": "rows",
            "data_selector": "data",
            "paginator": {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None, "stop_after_empty_page": True},
        },
    }],
})
pipeline = dlt.pipeline("bench", destination=dlt.destinations.sqlalchemy(f"sqlite:///{path}"), dataset_name="main")
begin = time.monotonic()
pipeline.run(source)
seconds = time.monotonic() - begin
with pipeline.sql_client() as client:
    rows = client.execute_sql("SELECT count(*) FROM event")[0][0]
assert rows == expected, f"{rows} rows, not {expected}"
print(json.dumps({"rows": rows, "seconds": seconds}))
