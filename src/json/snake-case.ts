/** `dynamicActiveClusters` → `dynamic_active_clusters`; `@type` and snake_case stay as they are. */
export function snakeCase(key: string): string {
  return UPPER_CASE.test(key) ? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key
}

const UPPER_CASE = /[A-Z]/
