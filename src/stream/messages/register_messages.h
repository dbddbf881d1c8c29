#pragma once
// The functions about messages.

#include "stream/functions.h"

namespace pelorus::stream {

/// streamFilter appendMsg. `services` outlives the registry.
void register_stream_filter(functions::Registry& registry, StreamServices& services);
/// streamEventSerializer appendEvent. `services` outlives the registry.
void register_events(functions::Registry& registry, StreamServices& services);
/// createCEPEngine, what its monitors call, and data views. `services` outlives the registry.
void register_event_processing(functions::Registry& registry, StreamServices& services);
void register_data_views(functions::Registry& registry, StreamServices& services);

}  // namespace pelorus::stream
