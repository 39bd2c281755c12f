import { ledgerKey, readForecast } from '../../api/credits.ts'
import { useResource } from '../../api/use-resource.ts'

/** When credits run out at the recent pace, as the server decides. */
export const useForecast = () => useResource({ key: [...ledgerKey, 'forecast'], load: readForecast })
