//! Text to lowered program: modules, names, macros, cfg, bodies, spans, models, hostile input.

mod world;

mod macros;
