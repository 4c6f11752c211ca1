package import Events

/// The four vendors' answers about a simulated world: pure functions of a request and the business time.
///
/// Something is visible once the instant of its creation or change has come.
package struct VendorWorld: Sendable {
  package let world: SimulatedWorld
  private let stripe: StripeDialect
  private let hubspot: HubSpotDialect
  private let zendesk: ZendeskDialect
  private let posthog: PostHogDialect
  private let signals: SignalsDialect

  package init(_ world: SimulatedWorld) {
    self.world = world
    stripe = StripeDialect(world)
    hubspot = HubSpotDialect(world)
    zendesk = ZendeskDialect(world)
    posthog = PostHogDialect(world)
    signals = SignalsDialect(world)
  }

  /// What surveys, intent and enrichment tell until a business time.
  func respondWithSignals(_ request: VendorRequest, now: Instant) -> VendorResponse {
    var response = signals.respond(request, now)
    response.headers.append(("Date", now.httpDate))
    return response
  }

  /// The answer at a business time; its `Date` header is that time.
  package func respond(_ request: VendorRequest, now: Instant) -> VendorResponse {
    var response: VendorResponse
    do throws(VendorRefusal) {
      try VendorCredentials.check(request)
      response =
        switch request.vendor {
        case .stripe: try stripe.respond(request, now)
        case .hubspot: try hubspot.respond(request, now)
        case .zendesk: try zendesk.respond(request, now)
        case .posthog: try posthog.respond(request, now)
        }
    } catch {
      response = error.response
    }
    response.headers.append(("Date", now.httpDate))
    return response
  }
}

/// The secrets that the simulated vendors expect.
package enum VendorCredentials {
  /// By the names under which feeds ask for secrets.
  package static let secrets = [
    "stripe_api_key": "sk_test_simulated_company", "hubspot_token": "pat-simulated-company", "zendesk_token": "zd-simulated-company",
    "posthog_api_key": "phx_simulated_company",
  ]
  package static let zendeskEmail = "bellwether@example.com"

  /// The `Authorization` header that a vendor accepts.
  package static func authorization(for vendor: Vendor) -> String {
    switch vendor {
    case .stripe: "Bearer " + (secrets["stripe_api_key"] ?? "")
    case .hubspot: "Bearer " + (secrets["hubspot_token"] ?? "")
    case .posthog: "Bearer " + (secrets["posthog_api_key"] ?? "")
    case .zendesk: "Basic " + Base64.encoded(Array("\(zendeskEmail)/token:\(secrets["zendesk_token"] ?? "")".utf8))
    }
  }

  static func check(_ request: VendorRequest) throws(VendorRefusal) {
    guard request.authorization != authorization(for: request.vendor) else { return }
    switch request.vendor {
    case .stripe:
      throw VendorRefusal(401, ["error": ["message": "Invalid API Key provided", "type": "invalid_request_error"]])
    case .hubspot:
      throw VendorRefusal(
        401, ["status": "error", "message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"])
    case .zendesk: throw VendorRefusal(401, ["error": "Couldn't authenticate you"])
    case .posthog:
      throw VendorRefusal(
        401, ["type": "authentication_error", "code": "authentication_failed", "detail": "Invalid personal API key.", "attr": nil])
    }
  }
}

/// Base64 with padding (RFC 4648).
enum Base64 {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encoded(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let chunk = bytes[start..<min(start + 3, bytes.count)]
      let word = chunk.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - chunk.count))
      for place in 0..<4 {
        text.append(place <= chunk.count ? alphabet[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  static func decoded(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var word: UInt32 = 0
    var bits = 0
    for character in text.utf8 where character != UInt8(ascii: "=") {
      guard let value = alphabet.firstIndex(of: character) else { return nil }
      word = word << 6 | UInt32(value)
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(word >> UInt32(bits) & 255))
      }
    }
    return bytes
  }
}
