import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** Whether the dialog for something new is open, as the address says it: `?new=1`. */
export function useNewInAddress() {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => route.query['new'] !== undefined,
    set: (on) => void router.replace({ query: on ? { new: '1' } : {} }),
  })
}
