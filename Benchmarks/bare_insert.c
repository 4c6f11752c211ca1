/* The reference for ingest: rows into SQLite as plainly as C can, from memory, without HTTP or JSON.
   A random text key, an index by account, WAL, synchronous=FULL, one transaction for each page.
   Use: bare_insert FILE ROWS ROWS_PER_TRANSACTION */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void check(sqlite3 *db, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
    fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    exit(1);
  }
}

static unsigned long long state = 1;

static unsigned long long next_random(void) { /* xorshift64* */
  state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
  return state * 2685821657736338717ULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const long rows = atol(argv[2]), per_transaction = atol(argv[3]);
  sqlite3 *db;
  sqlite3_stmt *insert;
  check(NULL, sqlite3_open(argv[1], &db));
  check(db, sqlite3_exec(db,
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32768;"
    "CREATE TABLE event (id TEXT PRIMARY KEY, account TEXT, at INTEGER, person TEXT, body TEXT) WITHOUT ROWID;"
    "CREATE INDEX event_by_account ON event (account);", NULL, NULL, NULL));
  check(db, sqlite3_prepare_v2(db, "INSERT INTO event VALUES (?,?,?,?,?)", -1, &insert, NULL));
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long row = 0; row < rows; row++) {
    char id[40], account[24], person[48], body[96];
    if (row % per_transaction == 0) check(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
    snprintf(id, sizeof id, "%016llx%016llx", next_random(), next_random());
    snprintf(account, sizeof account, "account-%llu", next_random() % 1000);
    snprintf(person, sizeof person, "person-%llu@example.com", next_random() % 5000);
    snprintf(body, sizeof body, "{\"name\":\"report_exported\",\"quantity\":%llu}", 1 + next_random() % 9);
    sqlite3_bind_text(insert, 1, id, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(insert, 2, account, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int64(insert, 3, 1770000000000000LL + row * 1000000LL);
    sqlite3_bind_text(insert, 4, person, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(insert, 5, body, -1, SQLITE_TRANSIENT);
    check(db, sqlite3_step(insert));
    sqlite3_reset(insert);
    if (row % per_transaction == per_transaction - 1 || row == rows - 1) check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("{\"rows\": %ld, \"seconds\": %.6f}\n", rows, (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9);
  sqlite3_finalize(insert);
  return sqlite3_close(db);
}
