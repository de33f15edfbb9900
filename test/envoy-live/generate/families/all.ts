import {BASICS} from './basics.js'
import {CHANCE} from './chance.js'
import {HOSTS} from './hosts.js'
import {HTTP_FILTERS} from './http-filters.js'
import {NETWORK_FILTERS} from './network-filters.js'
import {ORIGINAL_DST} from './original-dst.js'
import {HANDSHAKES} from './handshakes.js'
import {ORIGINS} from './origins.js'
import {SESSIONS} from './sessions.js'
import {SCOPES} from './scopes.js'
import {TOKENS} from './tokens.js'
import {DISPATCH} from './dispatch.js'
import {TUNNELS} from './tunnels.js'
import {UPGRADES} from './upgrades.js'
import {ZONE_FAMILIES} from './zones.js'
import type {Family} from './family.js'

export const FAMILIES: readonly Family[] = [
  ...BASICS,
  ...HTTP_FILTERS,
  ...HOSTS,
  ...NETWORK_FILTERS,
  ...ORIGINAL_DST,
  ...TOKENS,
  ...CHANCE,
  ...ZONE_FAMILIES,
  ...SESSIONS,
  ...ORIGINS,
  ...UPGRADES,
  ...TUNNELS,
  ...DISPATCH,
  ...SCOPES,
  ...HANDSHAKES,
]
