import ConfigFiles
import Events
import Feeds
import Transport

/// What libFuzzer throws at the decode and mapping layers, and what must hold of whatever comes. `Tests/Fuzzing` compiles this file too.
///
/// The first byte says which layers meet the rest: an archive or text of some format read record by record, or a vendor's answer to
/// each stream of one feed.
struct FuzzedBody: Sendable {
  let feeds: [Connector]

  private static let now = Instant(seconds: 1_772_000_000)
  private static let decodings: [Decoding] = [
    Decoding(format: .json), Decoding(format: .jsonl), Decoding(format: .csv), Decoding(wrappings: [.gzip], format: .jsonl),
    Decoding(wrappings: [.zip], format: .csv), Decoding(wrappings: [.zip, .gzip], format: .jsonl),
    Decoding(wrappings: [.gzip, .gzip], format: .json),
  ]

  /// Small enough for a fuzzer to run into.
  private static var limits: DecodingLimits {
    var limits = DecodingLimits()
    limits.decodedBytes = 1 << 20
    limits.entries = 20
    limits.recordBytes = 4096
    limits.documentBytes = 1 << 16
    limits.pageBytes = 8192
    return limits
  }

  /// Something that held not.
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  func check(_ input: [UInt8]) throws {
    guard let selector = input.first else { return }
    let bytes = Array(input.dropFirst())
    let choice = Int(selector) % (Self.decodings.count + feeds.count)
    if choice < Self.decodings.count {
      try decode(bytes, Self.decodings[choice])
    } else {
      try answer(bytes, to: feeds[choice - Self.decodings.count])
    }
  }

  private func decode(_ bytes: [UInt8], _ decoding: Decoding) throws {
    for badLines in [RecordReader.BadLines.refused, .quarantined] {
      let reader = RecordReader(.bytes(bytes), decoding: decoding, badLines: badLines, limits: Self.limits)
      var records = 0
      do throws(DecodeFailure) {
        while true {
          let page = try reader.next(limit: 7)
          if page.isEmpty { break }
          guard page.count <= 7 else { throw DecodeFailure(.malformed, "LIMIT") }
          records += page.count
          for json in page.compactMap(\.json) { try Self.roundTrip(json) }
        }
      } catch {
        guard !error.message.isEmpty, !error.message.contains("LIMIT") else { throw Broken(description: "\(error)") }
      }
      guard records <= 2 * Self.limits.decodedBytes else { throw Broken(description: "\(records) records from \(bytes.count) bytes") }
    }
  }

  private static func roundTrip(_ json: JSON) throws(DecodeFailure) {
    guard let again = try? JSON(parsing: json.serializedBytes()), again == json else {
      throw DecodeFailure(.malformed, "LIMIT: JSON that is not itself after a round trip")
    }
  }

  /// Every stream of a feed takes the bytes for its vendor's answer: whatever is made of them must be a record that can be stored.
  private func answer(_ bytes: [UInt8], to feed: Connector) throws {
    for stream in feed.streams {
      var walk = StreamWalk(stream, of: feed, cursor: .null, seed: 1)
      guard walk.next(now: Self.now) != nil else { continue }
      guard case .page(let records, let rejected) = walk.receive(HTTPResponse(status: 200, body: bytes), now: Self.now) else { continue }
      for record in records {
        guard let again = try? Record(importing: record.json, system: record.system), again == record else {
          throw Broken(description: "\(feed.name)/\(stream.name) made a record that cannot be read back: \(record.json.serialized())")
        }
      }
      guard rejected.allSatisfy({ !$0.message.isEmpty }) else { throw Broken(description: "a rejected record without a reason") }
      _ = StreamWalk(stream, of: feed, cursor: walk.cursor, seed: 1)
    }
  }
}
