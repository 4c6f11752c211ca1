internal import Synchronization

/// What references stand for, remembered from one transaction of the writer to the next, so that ids told on every page are not looked up
/// on every page.
///
/// Accounts' references keep their numbers; what a person's stands for may change, and then all of them are looked up again.
final class ReferenceMemory: Sendable {
  private struct Memory {
    var accounts: [Reference: Int64] = [:]
    var people: [Reference: PersonLinks.Link] = [:]
  }

  private let memory = Mutex(Memory())

  /// The number of a reference to an account.
  func account(_ reference: Reference) -> Int64? { memory.withLock { $0.accounts[reference] } }

  func remember(account: Int64, as reference: Reference) {
    memory.withLock {
      if $0.accounts.count >= StoreLimits.rememberedReferences { $0.accounts = [:] }
      $0.accounts[reference] = account
    }
  }

  func person(_ reference: Reference) -> PersonLinks.Link? { memory.withLock { $0.people[reference] } }

  func remember(person: PersonLinks.Link, as reference: Reference) {
    memory.withLock {
      if $0.people.count >= StoreLimits.rememberedReferences { $0.people = [:] }
      $0.people[reference] = person
    }
  }

  func forgetPeople() { memory.withLock { $0.people = [:] } }

  func forgetAll() { memory.withLock { $0 = Memory() } }
}
