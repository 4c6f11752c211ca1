import Events

/// What a vendor's network does to a request now and then.
package enum Fault: Hashable, Sendable {
  /// 429 with `Retry-After: 1`.
  case tooManyRequests
  /// 500 with a body that is no JSON.
  case internalError
  case slow(milliseconds: Int)
}

/// How often requests go wrong, in thousandths.
package struct FaultRates: Hashable, Sendable {
  package var tooManyRequests: Int
  package var internalErrors: Int
  package var slowAnswers: Int

  package init(tooManyRequests: Int = 3, internalErrors: Int = 3, slowAnswers: Int = 3) {
    self.tooManyRequests = tooManyRequests
    self.internalErrors = internalErrors
    self.slowAnswers = slowAnswers
  }

  package static let none = FaultRates(tooManyRequests: 0, internalErrors: 0, slowAnswers: 0)

  /// The fate of the n-th request; the same for the same seed.
  package func fault(ofRequest number: Int, seed: UInt64) -> Fault? {
    var chance = Chance(seed, Purpose.faults.rawValue, UInt64(number))
    let roll = chance.below(1000)
    if roll < tooManyRequests { return .tooManyRequests }
    if roll < tooManyRequests + internalErrors { return .internalError }
    if roll < tooManyRequests + internalErrors + slowAnswers { return .slow(milliseconds: chance.int(200...400)) }
    return nil
  }
}

extension VendorResponse {
  /// The answer that a fault puts in place of the real one; nil where the real one still goes out.
  static func replacing(_ fault: Fault?) -> VendorResponse? {
    switch fault {
    case .tooManyRequests:
      var response = VendorResponse(status: 429, ["error": "rate limit reached"])
      response.headers.append(("Retry-After", "1"))
      return response
    case .internalError:
      var response = VendorResponse(bytes: Array("<html><body>Something went wrong</body></html>".utf8), served: [])
      response.status = 500
      response.headers = [("Content-Type", "text/html")]
      return response
    case .slow, nil: return nil
    }
  }
}
