// What martlet tells the outside about itself: counters, the metrics page, log lines.
//
//   worker thread     QueryCounters.record()  ─┐ relaxed stores, one writer each
//                     LogBatch.append, flush  ─┼─┐ one append under a lock for each batch
//   control thread    Counter, Gauge, Histogram ─┤ │
//                     MetricsPage  ◀──────────┘ │   summed when somebody asks
//                     Log ─────────────────────▶ LogSink (LogQueue, drained by a writer thread)
//
// Names, labels, buckets and line forms are those of CoreDNS 1.14, since dashboards and alerts
// match them. Nothing here opens a descriptor or reads a clock: times are arguments, octets go to
// a LogSink.

/// The CoreDNS release whose metrics, log lines and Corefile martlet stands in for.
public let coreDNSRelease = "1.14.7"
