#include "rpc/certificate_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

namespace pelorus::rpc {

Result<std::vector<int64_t>> certificate_ends(const std::string& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> open(std::fopen(file.c_str(), "rbe"), &std::fclose);
  if (open == nullptr) {
    const int failure = errno;
    return Error{failure == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                 file + " cannot be read: " + std::strerror(failure)};
  }
  std::vector<int64_t> ends;
  while (true) {
    const std::unique_ptr<X509, decltype(&X509_free)> one(PEM_read_X509(open.get(), nullptr, nullptr, nullptr),
                                                          &X509_free);
    if (one == nullptr) break;
    tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(one.get()), &end) == 1) ends.push_back(timegm(&end));
  }
  ERR_clear_error();
  if (ends.empty()) return Error{ErrorCode::kInvalid, file + " holds no certificate in PEM form"};
  return ends;
}

}  // namespace pelorus::rpc
