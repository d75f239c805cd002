public import Synchronization

/// The labels that all query metrics share.
public struct QueryLabels: Hashable, Sendable {
  /// The listener as CoreDNS names it, `dns://:53`.
  public var server: String
  /// The zone as in the Corefile with its final dot, or ``dropped``.
  public var zone: String
  /// The name of the block's view, or empty.
  public var view: String

  /// The zone of queries that no block is asked for; without a final dot it cannot be a zone.
  public static let dropped = "dropped"

  public init(server: String, zone: String, view: String = "") {
    self.server = server
    self.zone = zone
    self.view = view
  }
}

/// What one worker counts for one server, zone and view.
///
/// One thread writes, by plain loads and stores; any other may read a total at any time. Every
/// number only grows, so a total read while the writer works is at most a query behind in a part.
@safe public final class QueryCounters: Sendable {
  public let labels: QueryLabels
  /// Names for the `plugin` label, by index.
  public let plugins: [String]

  // SAFETY: allocated for slotCount values in init, freed in deinit; every index that reaches it
  // is brought into that range in record(). Atomic makes sharing it between threads sound.
  @usableFromInline
  nonisolated(unsafe) let slots: UnsafeMutablePointer<Atomic<UInt64>>
  @usableFromInline let slotCount: Int
  @usableFromInline let pluginCount: Int

  /// Starts at zero. `plugins` are the names that ``record`` refers to by index.
  public init(_ labels: QueryLabels, plugins: [String]) {
    self.labels = labels
    self.plugins = plugins
    pluginCount = plugins.count
    slotCount = Slot.responses + (plugins.count + 1) * Slot.responseCodes
    unsafe slots = .allocate(capacity: slotCount)
    for index in 0..<slotCount {
      unsafe (slots + index).initialize(to: Atomic(0))
    }
  }

  deinit {
    unsafe slots.deinitialize(count: slotCount)
    unsafe slots.deallocate()
  }

  /// Counts one query and its reply. Only the thread that owns the counters may call this.
  ///
  /// - Parameters:
  ///   - transport: 0 UDP, 1 TCP.
  ///   - family: 1 IPv4, 2 IPv6.
  ///   - type: QTYPE; those that CoreDNS does not name are counted as `other`.
  ///   - requestSize: octets of the query.
  ///   - responseSize: octets of the reply, 0 when there was none.
  ///   - dnssecOK: the query's DO bit.
  ///   - responseCode: RCODE with the upper bits of the OPT record.
  ///   - plugin: index of the plugin that answered, ``noPlugin`` when the server itself did.
  ///   - nanoseconds: from the query's arrival to its reply.
  @inlinable
  public func record(
    transport: Int, family: Int, type: UInt16, requestSize: Int, responseSize: Int,
    dnssecOK: Bool, responseCode: Int, plugin: Int, nanoseconds: UInt64
  ) {
    let transport = transport & 1
    let source = transport &* 2 &+ ((family &- 1) & 1)
    add(1, at: source &* Slot.types &+ Slot.type(type))

    let request = Slot.requestSizes &+ transport &* Slot.sizes
    add(1, at: request &+ Buckets.index(octets: requestSize))
    add(UInt64(max(requestSize, 0)), at: request &+ Slot.sizeSum)

    let response = Slot.responseSizes &+ transport &* Slot.sizes
    add(1, at: response &+ Buckets.index(octets: responseSize))
    add(UInt64(max(responseSize, 0)), at: response &+ Slot.sizeSum)

    add(1, at: Slot.durations &+ Buckets.index(nanoseconds: nanoseconds))
    add(nanoseconds, at: Slot.durationSum)

    // A comparison as unsigned numbers catches noPlugin and every other negative index.
    let known = UInt(bitPattern: plugin) < UInt(bitPattern: pluginCount)
    let code = Int(min(UInt(bitPattern: responseCode), UInt(Slot.responseCodes &- 1)))
    add(1, at: Slot.responses &+ (known ? plugin &+ 1 : 0) &* Slot.responseCodes &+ code)

    if dnssecOK { add(1, at: Slot.dnssecOK) }
  }

  /// The `plugin` of a reply that no plugin wrote; its label is empty.
  @inlinable public static var noPlugin: Int { -1 }

  @inlinable @inline(__always)
  func add(_ amount: UInt64, at slot: Int) {
    // One writer: no read-modify-write instruction, hence no bus lock.
    let old = unsafe slots[slot].load(ordering: .relaxed)
    unsafe slots[slot].store(old &+ amount, ordering: .relaxed)
  }

  /// The present values, in the order of ``Slot``.
  func values() -> [UInt64] {
    (0..<slotCount).map { unsafe slots[$0].load(ordering: .relaxed) }
  }
}

/// Where each number stands among the slots of ``QueryCounters``.
///
/// Computed and inlinable: a `static let` would be asked for by a call from other modules.
@usableFromInline enum Slot {
  /// Requests by transport, family and type, four times ``types``.
  @inlinable static var types: Int { 19 }
  @inlinable static var dnssecOK: Int { 4 * types }
  /// For each transport the size buckets, then the sum of sizes.
  @inlinable static var requestSizes: Int { dnssecOK + 1 }
  @inlinable static var sizes: Int { Buckets.octetsCount + 1 }
  @inlinable static var sizeSum: Int { Buckets.octetsCount }
  @inlinable static var responseSizes: Int { requestSizes + 2 * sizes }
  @inlinable static var durations: Int { responseSizes + 2 * sizes }
  @inlinable static var durationSum: Int { durations + Buckets.secondsCount }
  /// Responses by plugin (none first) and RCODE.
  @inlinable static var responses: Int { durationSum + 1 }
  /// RCODEs 0 to 23 by number, then all above.
  @inlinable static var responseCodes: Int { 25 }

  /// The types that CoreDNS names, in the order of ``type(_:)``, then `other`.
  static let typeNames = [
    "A", "AAAA", "MX", "SOA", "CNAME", "PTR", "TXT", "NS", "SRV", "DS", "DNSKEY", "RRSIG", "NSEC",
    "NSEC3", "HTTPS", "IXFR", "AXFR", "ANY", "other",
  ]

  /// A type's index in ``typeNames``; the compiler makes a table of it.
  @inlinable
  static func type(_ type: UInt16) -> Int {
    switch type {
    case 1: 0
    case 28: 1
    case 15: 2
    case 6: 3
    case 5: 4
    case 12: 5
    case 16: 6
    case 2: 7
    case 33: 8
    case 43: 9
    case 48: 10
    case 46: 11
    case 47: 12
    case 50: 13
    case 65: 14
    case 251: 15
    case 252: 16
    case 255: 17
    default: 18
    }
  }
}

/// The query counters of the process, kept over reloads so that no total ever falls.
///
/// Belongs to the control thread; what it hands out is written by one worker each.
public final class QueryCounterRegistry {
  private struct Key: Hashable {
    var labels: QueryLabels
    var worker: Int
  }

  /// Names for the `plugin` label.
  public let plugins: [String]
  private var counters: [Key: QueryCounters] = [:]

  public init(plugins: [String]) {
    self.plugins = plugins
  }

  /// The counters of a worker for these labels, made when first asked for.
  public func counters(for labels: QueryLabels, worker: Int) -> QueryCounters {
    let key = Key(labels: labels, worker: worker)
    if let known = counters[key] { return known }
    let new = QueryCounters(labels, plugins: plugins)
    counters[key] = new
    return new
  }

  /// Everything handed out so far.
  public var all: [QueryCounters] { Array(counters.values) }
}
