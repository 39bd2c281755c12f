import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteRecordRaw } from 'vue-router'
import { requestContext } from './api/client.ts'
import { forgetSession, goToOrganization, loadSession, type Organization } from './session/session.ts'

declare module 'vue-router' {
  interface RouteMeta {
    /** Nobody has to be signed in. */
    isPublic?: boolean
    /** Of the page in the navigation and in the document's title. */
    title?: PageTitle
  }
}

export type PageTitle =
  | 'overview'
  | 'studio'
  | 'forms'
  | 'form'
  | 'usage'
  | 'billing'
  | 'settings'
  | 'signIn'
  | 'signUp'
  | 'forgotPassword'
  | 'resetPassword'
  | 'acceptInvitation'
  | 'newOrganization'
  | 'operator'
  | 'notFound'

const signInPages: RouteRecordRaw[] = [
  {
    path: '/sign-in',
    name: 'sign-in',
    component: () => import('./pages/auth/SignInPage.vue'),
    meta: { title: 'signIn' },
  },
  {
    path: '/sign-up',
    name: 'sign-up',
    component: () => import('./pages/auth/SignUpPage.vue'),
    meta: { title: 'signUp' },
  },
  {
    path: '/forgot-password',
    name: 'forgot-password',
    component: () => import('./pages/auth/ForgotPasswordPage.vue'),
    meta: { title: 'forgotPassword' },
  },
  {
    path: '/reset-password',
    name: 'reset-password',
    component: () => import('./pages/auth/ResetPasswordPage.vue'),
    meta: { title: 'resetPassword' },
  },
  {
    path: '/accept-invitation',
    name: 'accept-invitation',
    component: () => import('./pages/auth/AcceptInvitationPage.vue'),
    meta: { title: 'acceptInvitation' },
  },
]

const organizationPages: RouteRecordRaw[] = [
  { path: '', redirect: (to) => ({ name: 'overview', params: to.params }) },
  {
    path: 'overview',
    name: 'overview',
    component: () => import('./pages/overview/OverviewPage.vue'),
    meta: { title: 'overview' },
  },
  {
    path: 'studio',
    name: 'studio',
    component: () => import('./pages/studio/StudioPage.vue'),
    meta: { title: 'studio' },
  },
  {
    path: 'forms',
    name: 'forms',
    component: () => import('./pages/forms/FormsPage.vue'),
    meta: { title: 'forms' },
  },
  {
    path: 'forms/:formId',
    name: 'form',
    component: () => import('./pages/forms/FormPage.vue'),
    meta: { title: 'form' },
  },
  {
    path: 'usage/:tab(activity|history|limits)?',
    name: 'usage',
    component: () => import('./pages/usage/UsagePage.vue'),
    meta: { title: 'usage' },
  },
  {
    path: 'billing',
    name: 'billing',
    component: () => import('./pages/billing/BillingPage.vue'),
    meta: { title: 'billing' },
  },
  { path: 'plans', redirect: (to) => ({ name: 'billing', params: to.params, query: to.query }) },
  {
    path: 'settings/:section(members|api-keys|budgets|notifications|webhooks|organization)?',
    name: 'settings',
    component: () => import('./pages/settings/SettingsPage.vue'),
    meta: { title: 'settings' },
  },
  {
    path: ':rest(.*)*',
    name: 'unknown',
    component: () => import('./pages/NotFoundPage.vue'),
    meta: { title: 'notFound' },
  },
]

const operatorPages: RouteRecordRaw[] = [
  {
    path: '',
    name: 'operator-overview',
    component: () => import('./pages/operator/OperatorOverviewPage.vue'),
  },
  {
    path: 'organizations',
    name: 'operator-organizations',
    component: () => import('./pages/operator/OrganizationsPage.vue'),
  },
  {
    path: 'organizations/:organizationId',
    name: 'operator-organization',
    component: () => import('./pages/operator/OrganizationPage.vue'),
  },
  { path: 'catalog', name: 'operator-catalog', component: () => import('./pages/operator/CatalogPage.vue') },
  { path: 'books', name: 'operator-books', component: () => import('./pages/operator/BooksPage.vue') },
  { path: 'prices', name: 'operator-prices', component: () => import('./pages/operator/PricesPage.vue') },
  { path: 'audit', name: 'operator-audit', component: () => import('./pages/operator/AuditPage.vue') },
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: '/app' },
    ...signInPages.map((page) => ({ ...page, meta: { ...page.meta, isPublic: true } })),
    {
      path: '/f/signed-in',
      component: () => import('./pages/public-form/SignedInPage.vue'),
      meta: { isPublic: true },
    },
    {
      path: '/f/:formId',
      name: 'public-form',
      component: () => import('./pages/public-form/PublicFormPage.vue'),
      meta: { isPublic: true },
    },
    { path: '/app', name: 'home', component: () => import('./pages/HomePage.vue') },
    // Where the payment page leads back to; no slug begins with a hyphen.
    { path: '/app/-/billing', name: 'payment-return', component: () => import('./pages/HomePage.vue') },
    {
      path: '/app/new',
      name: 'new-organization',
      component: () => import('./pages/auth/NewOrganizationPage.vue'),
      meta: { title: 'newOrganization' },
    },
    // No slug begins with a hyphen.
    {
      path: '/app/-/operator',
      component: () => import('./pages/operator/OperatorShell.vue'),
      meta: { title: 'operator' },
      children: operatorPages,
    },
    {
      path: '/app/:slug',
      component: () => import('./shell/AppShell.vue'),
      children: organizationPages,
    },
    {
      path: '/:rest(.*)*',
      name: 'not-found',
      component: () => import('./pages/NotFoundPage.vue'),
      meta: { isPublic: true, title: 'notFound' },
    },
  ],
  scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
})

router.beforeEach(async (to) => {
  if (to.meta.isPublic === true) return true
  const session = await loadSession()
  if (session.person === null) return signInAt(to)
  if (to.name === 'home') {
    const [first] = session.organizations
    const last = session.organizations.find(({ slug }) => slug === localStorage.getItem('organization'))
    const slug = (last ?? first)?.slug
    return slug === undefined ? { name: 'new-organization' } : { name: 'overview', params: { slug } }
  }
  if (to.name === 'payment-return') return afterPayment(to, session.organizations)
  requestContext.isOperator = to.meta.title === 'operator'
  if (requestContext.isOperator) {
    const { organizationId } = to.params
    requestContext.organizationId = typeof organizationId === 'string' ? organizationId : null
    return true
  }
  const { slug } = to.params
  if (typeof slug === 'string') {
    const organization = goToOrganization(slug)
    requestContext.organizationId = organization?.id ?? null
    if (organization !== null) localStorage.setItem('organization', slug)
  }
  return true
})

router.afterEach((to) => {
  if (typeof to.params['slug'] === 'string') sessionStorage.setItem(lastPageKey, to.fullPath)
})

const lastPageKey = 'last-page'

/** The page that somebody went to the payment page from, else Billing; both say what became of the payment. */
function afterPayment(to: RouteLocationNormalized, organizations: readonly Organization[]) {
  const { organization: id, ...query } = to.query
  const slug = (organizations.find((one) => one.id === id) ?? organizations[0])?.slug
  if (slug === undefined) return { name: 'new-organization' }
  const last = sessionStorage.getItem(lastPageKey)
  const isHere = last !== null && (last === `/app/${slug}` || last.startsWith(`/app/${slug}/`))
  if (!isHere) return { name: 'billing', params: { slug }, query }
  const page = router.resolve(last)
  return { path: page.path, query: { ...page.query, ...query } }
}

requestContext.onSignedOut = () => {
  const { currentRoute } = router
  if (currentRoute.value.meta.isPublic === true) return
  forgetSession()
  void router.push(signInAt(currentRoute.value))
}

/** The sign-in page, which leads back. */
function signInAt(to: RouteLocationNormalized) {
  return { name: 'sign-in', query: to.fullPath === '/app' ? {} : { next: to.fullPath } }
}
