import ClusterModel
import Dispatch
import Foundation
import Synchronization
import Testing
import Wire

@testable import Cluster

/// One writer and several readers on threads of their own, each for a set number of rounds: under
/// the address sanitizer a record freed too early is found out.
@Suite struct ConcurrencyTests {
  @Test func `readers see whole records while the writer changes, grows and empties the table`() {
    let epochs = Epochs(readers: 3)
    let table = RecordTable(hash: NameHash(seed: 11), epochs: epochs)
    let run = Run()
    for reader in 0..<3 {
      Thread.detachNewThread {
        run.torn.add(Self.read(table, epochs, reader, until: run), ordering: .relaxed)
        run.ended.signal()
      }
    }
    Self.write(table, epochs, rounds: 40)
    run.isDone.store(true, ordering: .releasing)
    for _ in 0..<3 { run.ended.wait() }
    #expect(run.torn.load(ordering: .relaxed) == 0)
    #expect(table.count == 0)
    epochs.collect()
    #expect(epochs.retiredCount == 0)
  }

  /// What the threads share beside the table.
  private final class Run: Sendable {
    let isDone = Atomic<Bool>(false)
    let torn = Atomic<Int>(0)
    let ended = DispatchSemaphore(value: 0)
  }

  private static let keys = (0..<300).map { Array("key-\($0)".utf8) }

  private static func write(_ table: RecordTable, _ epochs: Epochs, rounds: Int) {
    for round in 0..<rounds {
      for (index, key) in keys.enumerated() where (index + round) % 3 != 0 {
        var builder = RecordBuilder(key: key)
        // Every octet behind the key says the same, so that a mixture shows.
        builder.put([UInt8](repeating: UInt8(round), count: 8 + (index * 7 + round) % 90))
        table.insert(builder.record(flags: UInt16(round)))
      }
      for (index, key) in keys.enumerated() where (index + round) % 5 == 0 {
        key.withOctets { table.remove($0) }
      }
      epochs.collect()
    }
    for key in keys { key.withOctets { table.remove($0) } }
    epochs.collect()
  }

  /// How many records were not what they should be; at least 20 rounds.
  private static func read(
    _ table: RecordTable, _ epochs: Epochs, _ reader: Int, until run: Run
  ) -> Int {
    var torn = 0
    var round = 0
    while round < 20 || (!run.isDone.load(ordering: .acquiring) && round < 100_000) {
      round += 1
      epochs.enter(reader)
      for key in keys {
        let isWhole = key.withOctets { octets -> Bool in
          guard let record = table.find(octets) else { return true }
          let body = record.octets[record.bodyAt..<record.octets.count].array
          return record.key.equals(octets)
            && body.allSatisfy { $0 == UInt8(truncatingIfNeeded: record.flags) }
        }
        if !isWhole { torn += 1 }
      }
      epochs.leave(reader)
    }
    return torn
  }

  @Test func `what a reader misses after it has read that the state is live was not there`() {
    let clusters = (0..<200).map { _ in TestCluster() }
    let indexes = clusters.map(\.index)
    let run = Run()
    Thread.detachNewThread {
      for index in indexes {
        var isLive = false
        while !isLive, !run.isDone.load(ordering: .acquiring) { isLive = index.state == .live }
        if isLive, index.look("s.n.svc.zone A") != "10.0.0.1" {
          run.torn.add(1, ordering: .relaxed)
        }
      }
      run.ended.signal()
    }
    for cluster in clusters {
      cluster.apply(service("n/s", "10.0.0.1"))
      cluster.store.setState(.live)
    }
    let end = run.ended.wait(timeout: .now() + .seconds(60))
    run.isDone.store(true, ordering: .releasing)
    #expect(end == .success)
    #expect(run.torn.load(ordering: .relaxed) == 0)
  }

  @Test func `what a reader may hold is kept until it leaves`() {
    let epochs = Epochs(readers: 2)
    let table = RecordTable(hash: NameHash(seed: 1), epochs: epochs)
    let key = Array("key".utf8)
    table.insert(RecordBuilder(key: key).record(flags: 1))
    epochs.enter(0)
    let held = key.withOctets { table.find($0) }
    for flags in 2..<50 {
      table.insert(RecordBuilder(key: key).record(flags: UInt16(flags)))
      epochs.collect()
    }
    #expect(held?.flags == 1)
    #expect(held?.key.array == key)
    #expect(epochs.retiredCount == 48)
    epochs.leave(0)
    epochs.collect()
    #expect(epochs.retiredCount == 0)
  }

  @Test func `a table survives more keys than it has slots, and tombstones without end`() {
    let table = RecordTable(hash: NameHash(seed: 5), epochs: Epochs(readers: 0))
    for round in 0..<50 {
      for number in 0..<100 {
        table.insert(RecordBuilder(key: Array("\(round).\(number)".utf8)).record(flags: 0))
      }
      for number in 0..<100 where number % 10 != 0 {
        Array("\(round).\(number)".utf8).withOctets { table.remove($0) }
      }
    }
    #expect(table.count == 500)
    for round in 0..<50 {
      for number in 0..<100 {
        let found = Array("\(round).\(number)".utf8).withOctets { table.find($0) } != nil
        #expect(found == (number % 10 == 0))
      }
    }
  }
}
