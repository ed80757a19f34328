/** Forms out of JSON Schema: what a service takes decides which fields there are. */
export { default as SchemaForm } from './SchemaForm.vue'
export { fieldsOf, type FieldKind, type FormField, type JsonSchema } from './fields'
