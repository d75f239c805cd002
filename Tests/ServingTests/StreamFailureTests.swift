import Forwarding
import Glibc
import IO
import Testing

@testable import Serving

@Suite struct StreamFailureTests {
  @Test(
    arguments: [
      (.connect(errno: ECONNREFUSED), false, .unreachable),
      (.connect(errno: EHOSTUNREACH), false, .unreachable),
      (.connect(errno: EMFILE), false, .overload), (.connect(errno: ENFILE), true, .overload),
      (.connect(errno: ENOBUFS), false, .overload),
      // No port is free, or the operator's address is not this host's.
      (.connect(errno: EADDRNOTAVAIL), false, .overload),
      (.connect(errno: EADDRNOTAVAIL), true, .unreachable),
      (.lost(errno: ECONNRESET), false, .unreachable),
      (.closedByPeer(inMessage: false), false, .unreachable),
      (.tls("alert"), false, .encryption), (.tooShort(octets: 3), false, .malformed),
      (.unasked, false, .malformed),
    ] as [(UpstreamStreamFailure, Bool, ExchangeFailure.Reason)])
  func `a connection that cannot be had for want of something here is no fault of the upstream`(
    failure: UpstreamStreamFailure, hasSource: Bool, reason: ExchangeFailure.Reason
  ) {
    #expect(failure.reason(hasSource: hasSource) == reason)
  }
}
