import Events
import Foundation
import Revenue

/// What `Benchmarks/run revenue` times: the ledger alone, over subscriptions of a synthetic company with five years of mixed contracts.
///
///     bellwether-measure-revenue ACCOUNTS
@main struct MeasureRevenue {
  struct Report: Codable {
    var accounts = 0
    var versions = 0
    var movements = 0
    /// From subscription versions to statements, and the portfolio they make.
    var buildSeconds = 0.0
    /// The three figures of twelve months by six cuts, from the portfolio.
    var figuresSeconds = 0.0
    /// One changed subscription: its account's statement anew, and every figure of every cut brought up to date; mean and worst of two hundred.
    var changeSeconds = 0.0
    var worstChangeSeconds = 0.0
  }

  struct Usage: Error {}

  static func main() throws {
    guard CommandLine.arguments.count == 2, let count = Int(CommandLine.arguments[1]) else { throw Usage() }
    let company = MixedContracts(accounts: count, seed: 1)
    var report = Report(accounts: count, versions: company.versionCount)
    var portfolio = Portfolio(currency: "usd")
    report.buildSeconds = seconds { portfolio = Portfolio((0..<count).map(company.member), currency: "usd") }
    report.movements = portfolio.members.values.reduce(0) { $0 + $1.statement.movements.count }

    let year = Period.last(1, .trailingYear, through: company.lastDay)[0]
    let cuts: [Cut.Dimension] = [.total, .segment, .arrBand, .industry, .region, .productLine, .term]
    var check: Int64 = 0
    report.figuresSeconds = seconds { check += portfolio.retention(year, by: cuts).reduce(0) { $0 + $1.figures.kept } }

    var board = RetentionBoard(portfolio, [year], by: Cut.Dimension.allCases)
    var times: [Double] = []
    for change in 0..<200 {
      times.append(
        seconds {
          let member = company.member(change * 13 % count, amendedBy: change)
          board.update(member)
          check += board.figures(year).reduce(0) { $0 + $1.figures.kept }
        })
    }
    report.changeSeconds = times.reduce(0, +) / Double(times.count)
    report.worstChangeSeconds = times.max() ?? 0
    precondition(check > 0)
    print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
  }

  private static func seconds(_ work: () -> Void) -> Double {
    let span = ContinuousClock().measure(work)
    return Double(span.components.seconds) + Double(span.components.attoseconds) / 1e18
  }
}
