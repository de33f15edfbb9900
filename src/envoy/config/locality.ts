import type {View} from '../../json/view.js'

/** A core.v3.Locality as `region/zone/sub_zone`. */
export function localityText(locality: View | undefined): string {
  return ['region', 'zone', 'sub_zone'].map((field) => locality?.str(field) ?? '').join('/')
}
