// The constants of scripts and the rights of the metadata are one list.

#include <gtest/gtest.h>

#include "meta/grants.h"
#include "syntax/constants.h"

namespace pelorus::server {
namespace {

TEST(RightConstants, every_right_is_a_constant_of_scripts) {
  for (size_t i = 0; i < meta::kAccessTypeCount; ++i) {
    const auto name = meta::name_of(static_cast<meta::AccessType>(i));
    const auto constant = syntax::find_constant(name);
    ASSERT_TRUE(constant) << name;
    EXPECT_EQ(constant->as_int64(), static_cast<int64_t>(i)) << name;
  }
}

}  // namespace
}  // namespace pelorus::server
