import Simulation
import Testing

@Suite struct FaultTests {
  @Test func faultsAreRareSeededAndOfEachKind() {
    let faults = (0..<20_000).map { FaultRates().fault(ofRequest: $0, seed: 5) }
    #expect(faults == (0..<20_000).map { FaultRates().fault(ofRequest: $0, seed: 5) })
    let counts = [
      faults.filter { $0 == .tooManyRequests }.count, faults.filter { $0 == .internalError }.count,
      faults.filter { if case .slow(let wait) = $0 { (200...400).contains(wait) } else { false } }.count,
    ]
    for count in counts { #expect((30...90).contains(count)) }
    #expect(faults.compactMap { $0 }.count == counts.reduce(0, +))
  }

  @Test func noneMeansNone() {
    #expect((0..<5000).allSatisfy { FaultRates.none.fault(ofRequest: $0, seed: 1) == nil })
  }
}
