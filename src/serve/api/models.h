// What a client may ask about the server: its models, its version, its load.
#pragma once
#include "serve/api/inquiry.h"

namespace quire::serve {

void list_models(Inquiry inquiry);
void show_model(Inquiry inquiry);  // GET /v1/models/{model}
void show_version(Inquiry inquiry);
void show_load(Inquiry inquiry);

}  // namespace quire::serve
