import Wire

/// Names that are to be taken from addresses, packed one behind the other: where every address of a
/// large cluster changes there are a hundred thousand of them, beside old records and new ones.
struct AddressRemovals {
  private var places: [(address: IPAddress, at: Int)] = []
  /// Head and name of each.
  private var octets: [UInt8] = []

  var count: Int { places.count }

  mutating func append(_ entry: AddressRecord.Entry, of address: IPAddress) {
    places.append((address, octets.count))
    octets += entry.head
    octets += entry.name
  }

  /// Calls `body` once for each address, with all names that are to be taken from it.
  consuming func forEachAddress(_ body: (IPAddress, Set<AddressRecord.Entry>) -> Void) {
    places.sort { ($0.address.high, $0.address.low) < ($1.address.high, $1.address.low) }
    octets.withOctets { octets in
      var rest = places[...]
      while let address = rest.first?.address {
        var names: Set<AddressRecord.Entry> = []
        while let next = rest.first, next.address == address {
          var at = next.at
          names.insert(AddressRecord.Entry(octets, &at))
          rest.removeFirst()
        }
        body(address, names)
      }
    }
  }
}
