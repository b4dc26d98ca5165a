// The post-processors of the table in all.cc, each in a file of its name.
#pragma once
#include <string>

#include "text/stages.h"

namespace quire {

Result<PostProcessor> read_template(const Json& json, const std::string& where);
Result<PostProcessor> read_bert_processing(const Json& json, const std::string& where);  // bert.cc
Result<PostProcessor> read_roberta_processing(const Json& json, const std::string& where);

}  // namespace quire
