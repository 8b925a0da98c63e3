#include "dummynet/core/process_record.hpp"

#include "dummynet/core/readiness.hpp"

namespace dummynet {

ProcessRecord::ProcessRecord(MonitorState& its_monitor, WardenProcess& its_warden, const RunOptions& its_options)
    : monitor{&its_monitor},
      warden{&its_warden},
      options{its_options},
      out{Stream::out, its_options.capture_limit_bytes},
      err{Stream::err, its_options.capture_limit_bytes} {}

ProcessRecord::~ProcessRecord() = default;

}  // namespace dummynet
