/** The schemas as files, for editors. */
import { imageSchema } from './image-schema.ts';
import type { StageSchemas } from './image-schema.ts';
import { layoutSchema } from './layout-schema.ts';
import { manifestSchema } from './manifest-schema.ts';
import { overlaySchema } from './overlay-schema.ts';
import type { SchemaObject } from './schema-words.ts';

/** File name below schema/ -> JSON Schema (2020-12). */
export function allSchemas(stages: StageSchemas): Record<string, SchemaObject> {
  return {
    'image.schema.json': imageSchema(stages),
    'layout.schema.json': layoutSchema,
    'manifest.schema.json': manifestSchema,
    'overlay.schema.json': overlaySchema,
  };
}
