/** Three outcomes exist: yes, no, and undetermined. */
export type Tri = 'yes' | 'no' | 'undetermined'

export function not(value: Tri): Tri {
  return value === 'undetermined' ? value : value === 'yes' ? 'no' : 'yes'
}

/** Undetermined only matters while no operand is a clear `no`. */
export function allOf(values: readonly Tri[]): Tri {
  if (values.includes('no')) return 'no'
  return values.includes('undetermined') ? 'undetermined' : 'yes'
}

export function anyOf(values: readonly Tri[]): Tri {
  if (values.includes('yes')) return 'yes'
  return values.includes('undetermined') ? 'undetermined' : 'no'
}

export function tri(value: boolean): Tri {
  return value ? 'yes' : 'no'
}
