// What one client may take of the server: bytes, time, connections. Every figure can be changed by a flag.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace quire::serve {

struct HttpLimits {
  // Bytes, line ends not counted.
  size_t request_line = 8 << 10;
  size_t header = 8 << 10;  // one line
  size_t headers = 100;     // their number
  size_t headers_total = 64 << 10;
  size_t body = 8 << 20;
  size_t chunk_extensions = 1 << 10;  // of a whole request; what a chunk's first line or the trailers may
                                      // take is `header`

  size_t read_ahead = 16 << 10;  // read of the requests that wait behind one (pipelining)
  size_t unsent = 1 << 20;    // of a streamed answer that its client does not take; then the client is gone
  int32_t send_buffer = 0;    // of the system for one connection; 0: as it likes
  size_t bodies = 256 << 20;  // of all unanswered requests together

  // How long a phase may take.
  std::chrono::milliseconds head_read{5'000};   // from the first byte, or from the connection's begin
  std::chrono::milliseconds body_read{30'000};  // and the time that what has come would take at body_rate
  size_t body_rate = 1 << 10;                   // bytes a second
  std::chrono::milliseconds idle{60'000};       // between two requests
  std::chrono::milliseconds write_stall{30'000};
  std::chrono::milliseconds linger{
      2'000};  // for the client to read a refusal before the connection is closed

  // Beyond, whoever has been silent longest makes room, or else the new one is refused.
  int32_t connections = 4096;
};

// Why a request is not taken: `status` and the sentence of its error.
struct HttpRefusal {
  int status = 0;
  std::string message;
};

}  // namespace quire::serve
