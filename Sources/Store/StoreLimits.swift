package import Events

/// The store's limits, by name.
package enum StoreLimits {
  /// Records in one page.
  package static let recordsPerPage = 10_000
  /// Bytes of a record's stored fields.
  package static let recordBytes = 1 << 20
  /// Bytes of a source's id, or of a reference to an account or a person.
  package static let idBytes = 1_024
  /// Bytes of one account's state.
  package static let stateBytes = 4 << 20
  /// Bytes of a delivery's body.
  package static let deliveryBytes = 1 << 20
  /// Earlier records that one links step brings home; more make further steps.
  package static let recordsPerLinksStep = 5_000
  /// Records read back in one call of `steps(after:limit:)`, save that a step is never cut.
  package static let recordsPerRead = 20_000
  /// How long a connection waits for another's lock.
  package static let busyTimeout = Span.seconds(5)
  /// Bytes to which the write-ahead log is cut back once it has been copied into the store.
  package static let journalBytes = 64 << 20
  /// Pages of the write-ahead log after which a commit copies it into the store.
  package static let journalPages = 4_096
  /// Kibibytes of the store the writer keeps in memory, so that look-ups by a source's random ids seldom reach the disk.
  package static let writerCacheKibibytes = 32_768
  /// References to accounts, and as many to people, that the writer remembers; with one more it begins anew.
  package static let rememberedReferences = 65_536
  /// Connections that read beside the writer.
  package static let readers = 4
  /// Holes kept of a stream's known range; of more, the oldest goes and what was known before it counts as unknown.
  package static let holesPerStream = 32
  /// UTC days for which it is kept what a stream brought and asked for.
  package static let streamDays: Int64 = 35
  /// Characters kept of an error of a stream or a delivery.
  package static let errorCharacters = 1_000
}
