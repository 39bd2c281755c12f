import { onScopeDispose } from 'vue'
import { type RouteLocationNormalizedLoaded, useRouter } from 'vue-router'
import { type NavigationPage, navigationPages } from './pages.ts'

export interface ShortcutHandlers {
  onPalette(): void
  onHelp(): void
}

const sequenceMs = 1_200

/** Ctrl or ⌘ K: palette. ?: help. g, then a letter: a page. Nothing of it while somebody writes. */
export function useShortcuts({ onPalette, onHelp }: ShortcutHandlers): void {
  const router = useRouter()
  let leaderAt = Number.NEGATIVE_INFINITY
  const onKey = (event: KeyboardEvent) => {
    if (event.key.toLowerCase() === 'k' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      onPalette()
      return
    }
    if (event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return
    if (event.key === '?') onHelp()
    else if (event.key === 'g') leaderAt = event.timeStamp
    else if (event.timeStamp - leaderAt < sequenceMs) {
      leaderAt = Number.NEGATIVE_INFINITY
      const page = navigationPages.find(({ key }) => key === event.key)
      if (page !== undefined) void router.push({ name: page.name })
    }
  }
  document.addEventListener('keydown', onKey)
  onScopeDispose(() => document.removeEventListener('keydown', onKey))
}

/** Whether a page of the navigation is shown, or one below it. */
export function isPageOf(route: RouteLocationNormalizedLoaded, page: NavigationPage): boolean {
  return route.name === page.name || (page.name === 'forms' && route.name === 'form')
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest('input, textarea, select, [role="dialog"], [role="menu"]') !== null)
  )
}
