// Written by `npm run types -w @stipend/testimonials-web` from ../../server/openapi.json.
export interface paths {
    "/credits/balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The balance as of now */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The balance */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CreditBalance"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rate limits of the plan and their use in the windows that end now */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The limits; a window without a limit is not listed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            limits: components["schemas"]["RateLimit"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Charges by UTC day, capability, model or actor; by default of the current period */
        get: {
            parameters: {
                query?: {
                    groupBy?: "day" | "capability" | "model" | "actor";
                    /** @description Each group once more by this: a row per pair. */
                    splitBy?: "day" | "capability" | "model" | "actor";
                    capability?: string;
                    model?: string;
                    actorId?: string;
                    from?: string;
                    to?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A row per group */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            groupBy: "day" | "capability" | "model" | "actor";
                            /** Format: date-time */
                            from: string;
                            /** Format: date-time */
                            to: string;
                            usage: components["schemas"]["Usage"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How long credits last at the pace of the last two weeks */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The forecast */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Forecast"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/topup-packages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Packages of credits for sale */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The packages, small to large */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            packages: components["schemas"]["TopupPackage"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The plans on offer, cheapest first, and where the organization stands */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The plans */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            current: string;
                            /** @description A change that takes effect later. */
                            pending: {
                                plan: string;
                                /** Format: date-time */
                                changesAt: string | null;
                            } | null;
                            plans: components["schemas"]["Plan"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/subscription": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How the organization is billed */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The subscription */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Subscription"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a change of plan would cost and bring; changes nothing */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        plan: string;
                        /** @enum {string} */
                        interval?: "month" | "year";
                    };
                };
            };
            responses: {
                /** @description What it would cost and bring */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlanPreview"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/upgrade": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a higher plan: a first subscription on the payment page, else charged to the card at once */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        plan: string;
                        /** @enum {string} */
                        interval?: "month" | "year";
                        prorationDate?: number;
                    };
                };
            };
            responses: {
                /** @description Where it stands */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Upgrade"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/downgrade": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a lower plan from the end of the paid period on */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        plan: string;
                    };
                };
            };
            responses: {
                /** @description The subscription */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Subscription"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the subscription with the paid period */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The subscription */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Subscription"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take back a cancellation or a lower plan that has not begun */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The subscription */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Subscription"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/portal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A link to the payment provider’s portal: cards, addresses, invoices */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Good for a few minutes */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            url: string;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/purchase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Buy a package of credits on the payment page; they come when it is paid */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        packageId: string;
                    };
                };
            };
            responses: {
                /** @description Where to pay */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Purchase"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/invoices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Invoices of subscriptions, newest first */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of invoices */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            invoices: components["schemas"]["Invoice"][];
                            /** @description Of the next page; null: the last. */
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Purchases of credits, newest first */
        get: {
            parameters: {
                query?: {
                    cursor?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of purchases */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            payments: components["schemas"]["Payment"][];
                            /** @description Of the next page; null: the last. */
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/billing/auto-topup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Automatic purchases of credits */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description How they are set */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AutoTopup"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Set automatic purchases; off by default. Setting them starts them anew after they stopped */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        enabled: boolean;
                        packageId: string;
                        /** @description The most that automatic purchases may cost in a calendar month (UTC), in US cents. */
                        monthlyCeilingCents: number;
                        thresholdCredits: number;
                    };
                };
            };
            responses: {
                /** @description How they are set */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AutoTopup"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/stripe": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Where Stripe sends its events; each is handled once */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description By Stripe. */
                    "stripe-signature"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Handled, now or before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {boolean} */
                            received: true;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notification-preferences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller wants to be told of credits, and when they are low */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The preferences */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationPreferences"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Change them; what is left out stays */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NotificationPreferencesRequest"];
                };
            };
            responses: {
                /** @description The preferences */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NotificationPreferences"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notification-preferences/slack/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Post a line to the Slack channel now; the answer says how it went */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description How it went */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SlackConnection"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Notices of the last 30 days, newest first, as the caller has read them */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            notifications: components["schemas"]["Notification"][];
                            /** @description At most 100; 0 for those whose preference inApp is false. */
                            unread: number;
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/notifications/read": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Mark notices up to one as read, for the caller alone */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReadNotificationsRequest"];
                };
            };
            responses: {
                /** @description How many are unread */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description At most 100; 0 for those whose preference inApp is false. */
                            unread: number;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook-endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Endpoints, oldest first, and the types of events there are */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The endpoints */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            webhookEndpoints: components["schemas"]["WebhookEndpoint"][];
                            /** @description Of Stipend; a host may have more. */
                            eventTypes: string[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Add an endpoint; its secret is shown this once */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookEndpointRequest"];
                };
            };
            responses: {
                /** @description The endpoint with its secret */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CreatedWebhookEndpoint"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook-endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove it with its deliveries */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change it; what is left out stays. Enabled again, it gets what waited for it */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WebhookEndpointChange"];
                };
            };
            responses: {
                /** @description The endpoint */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookEndpoint"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/webhook-endpoints/{id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replace the secret; for a while deliveries are signed with the one before too */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": components["schemas"]["RotateSecretRequest"];
                };
            };
            responses: {
                /** @description The new secret */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RotatedSecret"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook-endpoints/{id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was delivered to it in the last 30 days, newest first */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            deliveries: components["schemas"]["WebhookDelivery"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook-endpoints/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send webhook.test now, once; the answer says how it went */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The delivery */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookDelivery"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send it again now, also where it was delivered; if it fails, its retries begin anew */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    deliveryId: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The delivery */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookDelivery"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The live balance as server-sent events */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Events `balance` with the answer of GET /credits/balance, at once and whenever it changes. The stream ends after 10 minutes and when the server stops: connect again. */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/transactions/{sequence}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One row of the ledger; of a charge with the price of its day */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    sequence: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The row */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TransactionDetail"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ledger, newest first: a page as JSON, everything that matches as CSV */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                    type?: "plan_allocation" | "topup_purchase" | "promo_bonus" | "referral_bonus" | "welcome_bonus" | "ai_consumption" | "admin_adjustment" | "refund" | "plan_change_adjustment" | "credit_expiry" | "topup_clawback" | "clawback_reversal";
                    capability?: string;
                    actorId?: string;
                    quality?: string;
                    model?: string;
                    reservationId?: string;
                    from?: string;
                    to?: string;
                    format?: "json" | "csv";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page, or with Accept: text/csv or format=csv all rows (limit: the first so many) */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            transactions: components["schemas"]["Transaction"][];
                            nextCursor: string | null;
                        };
                        "text/csv": string;
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/credits/transactions/{sequence}/receipt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A signed statement that a row is in the ledger; `stipend receipt verify` checks it without a database */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    sequence: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The receipt */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Receipt"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/receipt-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What receipts and checkpoints are signed with: public keys */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The keys; none: receipts are not signed here */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            keys: {
                                keyId: string;
                                /** @description SPKI, base64. */
                                publicKey: string;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the plan includes, quality levels low to high */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The capabilities */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            capabilities: components["schemas"]["Capability"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/access-check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The decision that reserving would make, without the hold, per quality level */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        capability: string;
                        quality?: string;
                        model?: string;
                        promptTokens?: number;
                        maxOutputTokens?: number;
                    };
                };
            };
            responses: {
                /** @description The decisions; unknown names are refused with 404 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            capability: string;
                            /** @description At one of the quality levels at least. */
                            isAllowed: boolean;
                            /** @example 1.25 */
                            balance: number | null;
                            /**
                             * @description null: unlimited, or refused.
                             * @example 1.25
                             */
                            spendable: number | null;
                            /** @description Allowed by the plan, or the one asked for. */
                            qualities: components["schemas"]["AccessDecision"][];
                            /** @description Why the plan does not allow the call at all. */
                            refusal: components["schemas"]["Problem"] | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reservations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reservations, newest first: the open ones, or all of the last 90 days */
        get: {
            parameters: {
                query?: {
                    status?: "open";
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            reservations: components["schemas"]["StandingReservation"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Decide about one call and hold its estimate for five minutes */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description One effect per key for 90 days. */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReservationRequest"];
                };
            };
            responses: {
                /** @description How the first call of the Idempotency-Key ended */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Reservation"];
                    };
                };
                /** @description Admitted: the hold */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Reservation"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reservations/{id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Charge the actual cost and drop the hold; the same again answers the same */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SettleRequest"];
                };
            };
            responses: {
                /** @description The charge */
                200: {
                    headers: {
                        /** @description Credits charged. */
                        "X-Credits-Used"?: number;
                        /** @description Balance in credits. */
                        "X-Balance-Remaining"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Settlement"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reservations/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Drop the hold and charge nothing; after any end the standing outcome */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The outcome */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Settlement"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reservations/{id}/extend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renew the lease, tell the usage so far, raise the hold */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ExtendRequest"];
                };
            };
            responses: {
                /** @description The hold */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            reservationId: string;
                            /** Format: date-time */
                            leaseExpiresAt: string;
                            /** @example 1.25 */
                            estimatedCredits: number;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/reservations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a reservation stands */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The reservation */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["StandingReservation"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/organizations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An organization and its plan */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The organization */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Organization"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Create an organization on a plan, take in an existing customer, or rename; a plan once set stays */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OrganizationRequest"];
                };
            };
            responses: {
                /** @description It existed */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            isNew: boolean;
                            plan: string;
                        };
                    };
                };
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            id: string;
                            isNew: boolean;
                            plan: string;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/organizations/{id}/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Grant bonus credits, once per source */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The first answer is kept 48 hours. */
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GrantRequest"];
                };
            };
            responses: {
                /** @description It had been granted before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Posting"];
                    };
                };
                /** @description Granted */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Posting"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/organizations/{id}/adjustments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Correct the balance with a reason, once per source; what no pool has becomes debt */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The first answer is kept 48 hours. */
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AdjustmentRequest"];
                };
            };
            responses: {
                /** @description It had been posted before */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Posting"];
                    };
                };
                /** @description Posted */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Posting"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/organizations/{id}/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Change the plan: up at once, down at the period’s end; the current plan revokes what is pending */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The first answer is kept 48 hours. */
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        plan: string;
                    };
                };
            };
            responses: {
                /** @description The plan now and what is pending */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PlanChange"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ceilings on credits and their use in the current UTC day, week or month */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The budgets */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            budgets: components["schemas"]["Budget"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Set the budget of a scope and period, or change its limit and hardness */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BudgetRequest"];
                };
            };
            responses: {
                /** @description The budget */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Budget"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/budgets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a budget */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parties/{type}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that is stored about a person: names, calls with their charges, answers kept for replays */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description As calls name them: member, customer, or a type of subject. */
                    type: string;
                    /** @description The host’s id, as in the ledger. */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What is stored; empty lists where that is nothing */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Party"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Erase a person’s names, addresses and kept answers; the ledger keeps the id and verifies */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description As calls name them: member, customer, or a type of subject. */
                    type: string;
                    /** @description The host’s id, as in the ledger. */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was removed; zeros where there was nothing (more) */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PartyErasure"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Keys, newest first, revoked ones too; for a platform key without the header: platform keys */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The keys */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            apiKeys: components["schemas"]["ApiKey"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Create a key; its secret is shown this once */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ApiKeyRequest"];
                };
            };
            responses: {
                /** @description The key with its secret */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CreatedApiKey"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke a key at once */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Revoked */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Organizations by plan, and what waits where */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Counts of now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OperatorOverview"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/organizations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Organizations by id, found by a part of id or name */
        get: {
            parameters: {
                query?: {
                    search?: string;
                    plan?: string;
                    status?: "active" | "past_due" | "suspended";
                    /** @description next of the page before. */
                    after?: string;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            organizations: components["schemas"]["OrganizationSummary"][];
                            next: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/organizations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One organization: subscription, grants, and what operators have done to it */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Its story; transactions, holds, limits and budgets are read with the header Stipend-Organization */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OrganizationStory"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/catalog": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalog in force, its versions, and how many organizations are on each plan */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The catalog */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @description 0: none has been pushed yet. */
                            version: number;
                            catalog: components["schemas"]["Catalog"];
                            plans: {
                                plan: string;
                                organizations: number;
                            }[];
                            versions: {
                                version: number;
                                author: string;
                                reason: string | null;
                                /** Format: date-time */
                                createdAt: string;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Make a catalog the one in force, in one transaction; refused where it would strand organizations */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        catalog: components["schemas"]["Catalog"];
                        reason: string;
                        /** @description That was seen last; another one in force is refused. */
                        version: number;
                    };
                };
            };
            responses: {
                /** @description In force */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            version: number;
                            isChanged: boolean;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/catalog/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a catalog would change, and for how many organizations; changes nothing */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        catalog: components["schemas"]["Catalog"];
                    };
                };
            };
            responses: {
                /** @description What would change */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            differences: components["schemas"]["CatalogDifference"][];
                            /** @description Plans that something changes for, with who is on them. */
                            affected: {
                                plan: string;
                                organizations: number;
                            }[];
                            /** @description Plans that organizations are on and the proposal does not have. */
                            stranded: {
                                plan: string;
                                organizations: number;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/catalog/simulate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replay the last days' calls against a catalog: refusals, charges, margin, by plan; changes nothing */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        catalog: components["schemas"]["Catalog"];
                        days?: number;
                    };
                };
            };
            responses: {
                /** @description Both catalogs over the same calls */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CatalogSimulation"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/shadow-refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What shadow mode has admitted and the catalog would have refused */
        get: {
            parameters: {
                query?: {
                    days?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description By plan, capability, quality level and code */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            refusals: {
                                plan: string;
                                capability: string;
                                quality: string;
                                code: string;
                                calls: number;
                                organizations: number;
                                /** @example 1.25 */
                                coveredCredits: number;
                                /** Format: date-time */
                                lastAt: string;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/ledger/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Prove the books of one organization, or of all from the last signed checkpoint on; changes nothing */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        organizationId?: string;
                        /** @description Every row from the first. */
                        full?: boolean;
                    };
                };
            };
            responses: {
                /** @description What was proven, and what contradicts itself */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerVerification"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare the books with Stripe; changes nothing */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        organizationId?: string;
                        days?: number;
                    };
                };
            };
            responses: {
                /** @description Where they differ */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            drift: components["schemas"]["Drift"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/margins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What calls cost and brought */
        get: {
            parameters: {
                query?: {
                    groupBy?: "day" | "plan" | "capability" | "model" | "organization";
                    days?: number;
                    organizationId?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description By group */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            margins: components["schemas"]["Margin"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Webhook endpoints that fail or were disabled, of all organizations */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The worst first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            endpoints: {
                                organizationId: string;
                                id: string;
                                /** @description Origin alone. */
                                url: string;
                                enabled: boolean;
                                disabledReason: string | null;
                                /** Format: date-time */
                                failingSince: string | null;
                                lastStatus: number | null;
                                lastError: string | null;
                                pending: number;
                                failed: number;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalog's models with the price in force, the library's, and what is to come */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Prices, and what `stipend prices check` would say */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            models: {
                                model: string;
                                modelId: string;
                                price: components["schemas"]["ModelPrice"];
                                library: components["schemas"]["ModelPrice"];
                                pending: components["schemas"]["ModelPrice"][];
                            }[];
                            findings: {
                                model: string;
                                /** @enum {string} */
                                kind: "missing" | "stale" | "overridden" | "unrecorded";
                                detail: string;
                            }[];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/prices/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a price of the operator's own, before the catalog's and the library's; nothing of the past changes */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Catalog key. */
                    model: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        input: string;
                        output: string;
                        cachedInput?: string;
                        cacheWrite?: string;
                        reasoning?: string;
                        /**
                         * Format: date-time
                         * @example 2026-11-01T00:00:00Z
                         */
                        effectiveAt?: string;
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Set */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelPrice"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        post?: never;
        /** End the operator's own price of a model, with those to come */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description Catalog key. */
                    model: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        reason: string;
                    };
                };
            };
            responses: {
                /** @description Whether there was one */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            found: boolean;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/operator/audit-log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What operators have done, newest first: on these pages, over the API and with the command line */
        get: {
            parameters: {
                query?: {
                    organizationId?: string;
                    /** @description next of the page before. */
                    before?: number;
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            entries: components["schemas"]["AuditEntry"][];
                            next: number | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/cleanup-reservations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ends holds whose lease ran out
         * @description Harmless if called often, late or by several at once: it does what is due, each thing once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JobRun"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/reset-credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Writes period rolls and lapses that are due
         * @description Harmless if called often, late or by several at once: it does what is due, each thing once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description What was done */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JobRun"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It does */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ok";
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The database answers and is migrated */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It does and is */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ok";
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics in the text format of Prometheus
         * @description Off (404) unless the host has set a token for it; then `Authorization: Bearer` with that token, which is no API key.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Metrics of this process */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/suggest-questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Questions that bring out a useful testimonial */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The same key and body give the first answer for 48 hours, charged once. */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SuggestQuestionsRequest"];
                };
            };
            responses: {
                /** @description The questions and what they cost */
                200: {
                    headers: {
                        /** @description Credits charged. */
                        "X-Credits-Used"?: number;
                        /** @description Balance in credits. */
                        "X-Balance-Remaining"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SuggestQuestionsAnswer"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/assemble-testimonial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A testimonial out of a customer's answers */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The same key and body give the first answer for 48 hours, charged once. */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AssembleTestimonialRequest"];
                };
            };
            responses: {
                /** @description The testimonial and what it cost */
                200: {
                    headers: {
                        /** @description Credits charged. */
                        "X-Credits-Used"?: number;
                        /** @description Balance in credits. */
                        "X-Balance-Remaining"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AssembleTestimonialAnswer"];
                        "text/event-stream": string;
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/polish-testimonial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A clearer version of a testimonial */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The same key and body give the first answer for 48 hours, charged once. */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PolishTestimonialRequest"];
                };
            };
            responses: {
                /** @description The text and what it cost */
                200: {
                    headers: {
                        /** @description Credits charged. */
                        "X-Credits-Used"?: number;
                        /** @description Balance in credits. */
                        "X-Balance-Remaining"?: number;
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PolishTestimonialAnswer"];
                        "text/event-stream": string;
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/generations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What people of the organization had written, newest first; kept for 30 days */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                    capability?: "question_generation" | "testimonial_assembly" | "testimonial_polish";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            generations: components["schemas"]["Generation"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ai/generations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove one from the history; what it cost stays in the ledger */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The organization's forms, newest first */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            forms: components["schemas"]["Form"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Make a public form */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateFormRequest"];
                };
            };
            responses: {
                /** @description The form */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Form"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forms/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One form */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The form */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Form"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Remove a form with its submissions and testimonials; closing it keeps them */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Removed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        /** Change a form, close it or open it; questions as a whole, in the order given */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateFormRequest"];
                };
            };
            responses: {
                /** @description The form */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Form"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/forms/{id}/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take over questions, such as those of /ai/suggest-questions, after those that stand */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AddQuestionsRequest"];
                };
            };
            responses: {
                /** @description The form */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Form"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forms/{id}/submissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What customers answered, newest first */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            submissions: components["schemas"]["Submission"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forms/{id}/testimonials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Testimonials that customers sent, newest first; with status=draft those that they have not */
        get: {
            parameters: {
                query?: {
                    limit?: number;
                    /** @description nextCursor of the page before. */
                    cursor?: string;
                    status?: "draft" | "submitted" | "published";
                };
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            testimonials: components["schemas"]["Testimonial"][];
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/forms/{id}/testimonials/{testimonialId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Publish a testimonial, or take it back */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    testimonialId: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublishTestimonialRequest"];
                };
            };
            responses: {
                /** @description The testimonial */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Testimonial"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/public/forms/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A form as its customers see it */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The form */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PublicForm"];
                    };
                };
                /** @description A refusal: ai_unavailable, customer_limit_exceeded, form_closed, invalid_request … */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["PublicProblem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/forms/{id}/assemble-testimonial": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A text out of answers, or another version of one */
        post: {
            parameters: {
                query?: never;
                header?: {
                    /** @description The same key and body give the first answer for 48 hours, charged once. */
                    "idempotency-key"?: string;
                };
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublicAssembleRequest"];
                };
            };
            responses: {
                /** @description The text */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PublicAssembleAnswer"];
                    };
                };
                /** @description A refusal: ai_unavailable, customer_limit_exceeded, form_closed, invalid_request … */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["PublicProblem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/forms/{id}/testimonials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send the text that the customer ends with */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublicSubmitRequest"];
                };
            };
            responses: {
                /** @description It has arrived */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PublicSubmitAnswer"];
                    };
                };
                /** @description A refusal: ai_unavailable, customer_limit_exceeded, form_closed, invalid_request … */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["PublicProblem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who belongs to the organization, and who was invited */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The members, owners first */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            members: components["schemas"]["Member"][];
                            /** @description Pending ones; empty for viewers. */
                            invitations: components["schemas"]["Invitation"][];
                        };
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in by the cookie, and where to */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The session */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description A refusal: see code, and remedy for what would help. */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        CreditBalance: {
            /**
             * @description spendable + overdraftLimit; null: unlimited.
             * @example 1.25
             */
            available: number | null;
            /**
             * @description balance − reservedCredits; null: unlimited.
             * @example 1.25
             */
            spendable: number | null;
            /**
             * @description monthlyCredits + bonusCredits − debtCredits.
             * @example 1.25
             */
            balance: number;
            /**
             * @description Left of this period’s.
             * @example 1.25
             */
            monthlyCredits: number;
            /**
             * @description Granted for this period.
             * @example 1.25
             */
            monthlyAllocation: number;
            /** @example 1.25 */
            bonusCredits: number;
            /** @example 1.25 */
            reservedCredits: number;
            /** @example 1.25 */
            debtCredits: number;
            /** @example 1.25 */
            usedThisPeriod: number;
            /** @example 1.25 */
            overdraftLimit: number;
            /** Format: date-time */
            periodStartsAt: string;
            /** Format: date-time */
            periodEndsAt: string;
            unlimited: boolean;
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            /** @example insufficient_credits */
            code: string;
            scope?: string;
            retryable: boolean;
            remedy?: {
                action: string;
            } & {
                [key: string]: unknown;
            };
            requestId: string;
        } & {
            [key: string]: unknown;
        };
        RateLimit: {
            capability: string;
            /** @enum {string} */
            window: "minute" | "hour" | "day";
            limit: number;
            used: number;
            retryAfterMs: number | null;
        };
        Usage: {
            group: string | null;
            /** @description Of splitBy. */
            split: string | null;
            /** @description Of the actor that the group or the split is; customers’ only for who may read them. */
            name: string | null;
            calls: number;
            /** @example 1.25 */
            creditsUsed: number;
            /**
             * @description Decimal in US dollars; null also for viewers and members.
             * @example 0.018000000
             */
            costUsd: string | null;
        };
        Forecast: {
            /** @description What the pace is of; null: less than a day, or no charge. */
            basisDays: number | null;
            /** @example 1.25 */
            dailyAverage: number | null;
            /**
             * @description Until the period ends.
             * @example 1.25
             */
            projectedUse: number | null;
            /**
             * Format: date-time
             * @description null: not before the period ends, or never on an unlimited plan.
             */
            runsOutAt: string | null;
            /** Format: date-time */
            periodEndsAt: string;
        };
        TopupPackage: {
            id: string;
            name: string;
            /** @example 1.25 */
            credits: number;
            priceUsdCents: number;
        };
        Plan: {
            plan: string;
            name: string;
            /** @description A month. */
            priceUsdCents: number;
            /** @description A year, paid at once; null: not sold so. */
            annualPriceUsdCents: number | null;
            /**
             * @description null: unlimited.
             * @example 1.25
             */
            monthlyCredits: number | null;
            /** @example 1.25 */
            welcomeBonus: number;
            isCurrent: boolean;
            capabilities: components["schemas"]["Capability"][];
        };
        Capability: {
            capability: string;
            name: string;
            description: string | null;
            isEnabled: boolean;
            /** @description null: unlimited. */
            rateLimits: {
                perMinute: number | null;
                perHour: number | null;
                perDay: number | null;
            };
            qualities: {
                quality: string;
                name: string;
                /** @example 1.25 */
                estimatedCredits: number;
                models: string[];
                isDefault: boolean;
            }[];
        };
        Subscription: {
            plan: string;
            /** @enum {string} */
            status: "active" | "past_due" | "suspended";
            /**
             * @description null: no subscription runs.
             * @enum {string|null}
             */
            interval: "month" | "year" | null;
            /** Format: date-time */
            paidUntil: string | null;
            /** Format: date-time */
            cancelsAt: string | null;
            /** @description A change that takes effect later. */
            pending: {
                plan: string;
                /** Format: date-time */
                changesAt: string | null;
            } | null;
            paymentFailed: {
                /** Format: date-time */
                since: string;
                /**
                 * @description Cents of the currency.
                 * @example 2900
                 */
                amountCents: number;
                currency: string;
                /** @description Where it can be paid; for admins and owners. */
                payUrl: string | null;
            } | null;
            card: components["schemas"]["Card"];
            /**
             * @description Who takes payments; in a sandbox or test mode no money moves.
             * @enum {string}
             */
            payments: "stripe" | "stripe_test" | "sandbox" | "none";
        };
        /** @description For admins and owners; null for others too. */
        Card: {
            brand: string;
            last4: string;
            expiresMonth: number;
            expiresYear: number;
        } | null;
        PlanPreview: {
            /** @enum {string} */
            kind: "subscribe" | "upgrade" | "downgrade" | "cancel" | "resume" | "none";
            plan: string;
            /** @enum {string} */
            interval: "month" | "year";
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            dueNowCents: number;
            currency: string;
            /**
             * @description That come at once; null: unlimited.
             * @example 1.25
             */
            creditsNow: number | null;
            /** Format: date-time */
            effectiveAt: string;
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            nextInvoiceCents: number;
            /** Format: date-time */
            nextInvoiceAt: string | null;
            /** @description To be given to POST /billing/upgrade, so that the amount stays. */
            prorationDate: number | null;
        };
        Upgrade: {
            /**
             * @description checkout: to be paid at checkoutUrl; changed: paid, and in effect.
             * @enum {string}
             */
            status: "checkout" | "changed" | "processing";
            checkoutUrl: string | null;
            sessionId: string | null;
        };
        Purchase: {
            checkoutUrl: string;
            sessionId: string;
            /** Format: uuid */
            paymentId: string;
        };
        Invoice: {
            id: string;
            number: string | null;
            /** @description open, paid, void or uncollectible. */
            status: string;
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            totalCents: number;
            currency: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            periodStartsAt: string;
            /** Format: date-time */
            periodEndsAt: string;
            hostedUrl: string | null;
            pdfUrl: string | null;
        };
        Payment: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "topup" | "auto_topup";
            package: string;
            /** @example 1.25 */
            credits: number;
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            amountCents: number;
            currency: string;
            /**
             * @description mismatch: what was paid is not what was asked for; nothing was granted.
             * @enum {string}
             */
            status: "open" | "processing" | "paid" | "failed" | "expired" | "mismatch";
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            refundedCents: number;
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            disputedCents: number;
            /** @example 1.25 */
            clawedBackCredits: number;
            /** @description The ledger row that granted. */
            sequence: number | null;
            failureCode: string | null;
            receiptUrl: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            paidAt: string | null;
        };
        AutoTopup: {
            enabled: boolean;
            /**
             * @description Bought when the balance is below. null: never set.
             * @example 1.25
             */
            thresholdCredits: number | null;
            packageId: string | null;
            monthlyCeilingCents: number | null;
            /**
             * @description Cents of the currency.
             * @example 2900
             */
            spentThisMonthCents: number;
            /** @description In a row. After three it stops. */
            declines: number;
            /** Format: date-time */
            nextAttemptAt: string | null;
            /**
             * Format: date-time
             * @description Until it is set again.
             */
            stoppedAt: string | null;
            stoppedReason: string | null;
        };
        NotificationPreferences: {
            /** @description Of the monthly credits: below it the balance is low. The organization’s; set by admins. */
            lowBalancePercent: number;
            /** @description One’s own, as the next ones. */
            lowBalanceEmail: boolean;
            depletedEmail: boolean;
            /** @description Mondays at 8:00 UTC, of the week before. */
            weeklyDigestEmail: boolean;
            /** @description Whether notices are counted as unread. */
            inApp: boolean;
            slack: components["schemas"]["SlackConnection"];
        };
        /** @description The organization’s; its address is never answered. */
        SlackConnection: {
            connected: boolean;
            /** @description Kind of failure of the last post, such as http_404 or timeout; null: it went well. */
            lastError: string | null;
        };
        NotificationPreferencesRequest: {
            /** @description Of the monthly credits: below it the balance is low. The organization’s; set by admins. */
            lowBalancePercent?: number;
            /** @description One’s own, as the next ones. */
            lowBalanceEmail?: boolean;
            depletedEmail?: boolean;
            /** @description Mondays at 8:00 UTC, of the week before. */
            weeklyDigestEmail?: boolean;
            /** @description Whether notices are counted as unread. */
            inApp?: boolean;
            /** @description The organization’s; set by admins. The address of an incoming webhook; null disconnects. */
            slackWebhookUrl?: string | null;
        };
        Notification: {
            id: string;
            /** @example credits.low_balance */
            type: string;
            /** @description Of the event, without where a payment can be made. */
            payload: {
                [key: string]: unknown;
            };
            /** Format: date-time */
            createdAt: string;
            isRead: boolean;
        };
        ReadNotificationsRequest: {
            /** @description Id of the newest that was seen. */
            upTo: string;
        };
        WebhookEndpoint: {
            id: string;
            url: string;
            description: string | null;
            /** @description null: all but credits.consumption. */
            events: string[] | null;
            enabled: boolean;
            /**
             * @description failing: nothing but failures for five days; gone: it answered 410.
             * @enum {string|null}
             */
            disabledReason: "by_admin" | "failing" | "gone" | null;
            /** Format: date-time */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description The first failure after the last success.
             */
            failingSince: string | null;
            /** Format: date-time */
            lastAttemptAt: string | null;
            /** Format: date-time */
            lastDeliveredAt: string | null;
            /** @description HTTP status of the last attempt. */
            lastStatus: number | null;
            /** @description Kind of the last failure: status, redirect, gone, timeout, connection, address_refused, url_refused, secret_unreadable. */
            lastError: string | null;
            /**
             * Format: date-time
             * @description While a secret is replaced: until when the one before signs too.
             */
            previousSecretExpiresAt: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        CreatedWebhookEndpoint: {
            id: string;
            url: string;
            description: string | null;
            /** @description null: all but credits.consumption. */
            events: string[] | null;
            enabled: boolean;
            /**
             * @description failing: nothing but failures for five days; gone: it answered 410.
             * @enum {string|null}
             */
            disabledReason: "by_admin" | "failing" | "gone" | null;
            /** Format: date-time */
            disabledAt: string | null;
            /**
             * Format: date-time
             * @description The first failure after the last success.
             */
            failingSince: string | null;
            /** Format: date-time */
            lastAttemptAt: string | null;
            /** Format: date-time */
            lastDeliveredAt: string | null;
            /** @description HTTP status of the last attempt. */
            lastStatus: number | null;
            /** @description Kind of the last failure: status, redirect, gone, timeout, connection, address_refused, url_refused, secret_unreadable. */
            lastError: string | null;
            /**
             * Format: date-time
             * @description While a secret is replaced: until when the one before signs too.
             */
            previousSecretExpiresAt: string | null;
            /** Format: date-time */
            createdAt: string;
            /** @description whsec_…; null where the Idempotency-Key’s first answer showed it. */
            secret: string | null;
            notice?: string;
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
        };
        WebhookEndpointRequest: {
            /**
             * @description https://, on a public address.
             * @example https://example.com/hooks/stipend
             */
            url: string;
            description?: string | null;
            /**
             * @description null: all types but credits.consumption, which comes to those who name it.
             * @example [
             *       "credits.low_balance",
             *       "credits.depleted"
             *     ]
             */
            events?: string[] | null;
        };
        WebhookEndpointChange: {
            /**
             * @description https://, on a public address.
             * @example https://example.com/hooks/stipend
             */
            url?: string;
            description?: string | null;
            /**
             * @description null: all types but credits.consumption, which comes to those who name it.
             * @example [
             *       "credits.low_balance",
             *       "credits.depleted"
             *     ]
             */
            events?: string[] | null;
            enabled?: boolean;
        };
        RotatedSecret: {
            /** @description whsec_…; null where the Idempotency-Key’s first answer showed it. */
            secret: string | null;
            notice?: string;
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
            /** Format: date-time */
            previousSecretExpiresAt: string;
        };
        RotateSecretRequest: {
            /** @description Default 24. */
            overlapHours?: number;
        };
        WebhookDelivery: {
            id: string;
            /** @description The same at every attempt: the header webhook-id. */
            eventId: string;
            type: string;
            /** @enum {string} */
            status: "pending" | "delivered" | "failed";
            /** @description Oldest first, at most the last 20. What was answered is not kept. */
            attempts: {
                /** Format: date-time */
                at: string;
                status: number | null;
                error: string | null;
                ms: number;
            }[];
            /** Format: date-time */
            nextAttemptAt: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        TransactionDetail: {
            sequence: number;
            /** @enum {string} */
            type: "plan_allocation" | "topup_purchase" | "promo_bonus" | "referral_bonus" | "welcome_bonus" | "ai_consumption" | "admin_adjustment" | "refund" | "plan_change_adjustment" | "credit_expiry" | "topup_clawback" | "clawback_reversal";
            /** @example 1.25 */
            amount: number;
            /** @example 1.25 */
            monthlyAmount: number;
            /** @example 1.25 */
            bonusAmount: number;
            /** @example 1.25 */
            debtAmount: number;
            /** @example 1.25 */
            coveredAmount: number;
            /** @example 1.25 */
            balanceAfter: number;
            reservationId: string | null;
            plan: string | null;
            capability: string | null;
            quality: string | null;
            model: string | null;
            /** @example 1.25 */
            estimatedCredits: number | null;
            /** @example 1.25 */
            estimationVariance: number | null;
            /** @example 1.25 */
            unchargedCredits: number;
            /** @description Of the provider, in US dollars; null also for viewers and members. */
            costUsd: string | null;
            flags: string[];
            /** @description Customers’ names and addresses are told to members, operators and keys with `admin` only. */
            actor: {
                type: string;
                id: string;
                name: string | null;
                email: string | null;
            } | null;
            /** @description A customer’s name is told as that of an actor is. */
            subject: {
                type: string;
                id: string;
                name: string | null;
            } | null;
            formId: string | null;
            sourceId: string | null;
            reason: string | null;
            providerMetadata: {
                [key: string]: unknown;
            } | null;
            paymentMetadata: {
                [key: string]: unknown;
            } | null;
            /** Format: date-time */
            effectiveAt: string;
            /** Format: date-time */
            createdAt: string;
            hash: string;
            /** @description null: no charge; also for viewers and members. */
            chargeBasis: components["schemas"]["ChargeBasis"] | null;
        };
        ChargeBasis: {
            /** @description Of the model that served, on that day. US dollars per million tokens, decimals. */
            price: {
                source: string;
                /** Format: date-time */
                effectiveAt: string;
                inputUsdPerMillion: string | null;
                cachedInputUsdPerMillion: string | null;
                outputUsdPerMillion: string | null;
            } | null;
            /**
             * @description On the provider’s cost: 0.25 is a quarter more.
             * @example 0.25
             */
            markup: number;
            usdPerCredit: string;
        };
        Transaction: {
            sequence: number;
            /** @enum {string} */
            type: "plan_allocation" | "topup_purchase" | "promo_bonus" | "referral_bonus" | "welcome_bonus" | "ai_consumption" | "admin_adjustment" | "refund" | "plan_change_adjustment" | "credit_expiry" | "topup_clawback" | "clawback_reversal";
            /** @example 1.25 */
            amount: number;
            /** @example 1.25 */
            monthlyAmount: number;
            /** @example 1.25 */
            bonusAmount: number;
            /** @example 1.25 */
            debtAmount: number;
            /** @example 1.25 */
            coveredAmount: number;
            /** @example 1.25 */
            balanceAfter: number;
            reservationId: string | null;
            plan: string | null;
            capability: string | null;
            quality: string | null;
            model: string | null;
            /** @example 1.25 */
            estimatedCredits: number | null;
            /** @example 1.25 */
            estimationVariance: number | null;
            /** @example 1.25 */
            unchargedCredits: number;
            /** @description Of the provider, in US dollars; null also for viewers and members. */
            costUsd: string | null;
            flags: string[];
            /** @description Customers’ names and addresses are told to members, operators and keys with `admin` only. */
            actor: {
                type: string;
                id: string;
                name: string | null;
                email: string | null;
            } | null;
            /** @description A customer’s name is told as that of an actor is. */
            subject: {
                type: string;
                id: string;
                name: string | null;
            } | null;
            formId: string | null;
            sourceId: string | null;
            reason: string | null;
            providerMetadata: {
                [key: string]: unknown;
            } | null;
            paymentMetadata: {
                [key: string]: unknown;
            } | null;
            /** Format: date-time */
            effectiveAt: string;
            /** Format: date-time */
            createdAt: string;
            hash: string;
        };
        Receipt: {
            /** @enum {number} */
            version: 1;
            transaction: {
                organizationId: string;
                sequence: number;
                type: string;
                amount: string;
                coveredAmount: string;
                balanceAfter: string;
                reservationId: string | null;
                plan: string | null;
                capability: string | null;
                quality: string | null;
                model: string | null;
                costUsd: string | null;
                reason: string | null;
                /** Format: date-time */
                createdAt: string;
                hash: string;
            };
            /** @description What the hash is of, character by character. */
            record: string;
            /** Format: date-time */
            issuedAt: string;
            keyId: string;
            /** @description JWS (RFC 7515), EdDSA. */
            signature: string;
        };
        AccessDecision: {
            quality: string;
            isAllowed: boolean;
            models: {
                key: string;
                modelId: string;
            }[];
            /**
             * @description What would be held.
             * @example 1.25
             */
            estimatedCredits: number | null;
            /**
             * @description The most that the call can cost.
             * @example 1.25
             */
            maximumCredits: number | null;
            refusal: components["schemas"]["Problem"] | null;
        };
        Reservation: {
            id: string;
            /** @enum {string} */
            status: "open" | "settled" | "released" | "expired";
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
            capability: string;
            quality: string;
            models: {
                key: string;
                modelId: string;
            }[];
            /** @example 1.25 */
            estimatedCredits: number;
            /**
             * @description The most that settling can charge.
             * @example 1.25
             */
            maximumCredits: number;
            /** @example 1.25 */
            balance: number;
            /**
             * @description null: unlimited.
             * @example 1.25
             */
            spendable: number | null;
            /** Format: date-time */
            leaseExpiresAt: string;
            /**
             * @description Charge of a replayed call that has ended.
             * @example 1.25
             */
            creditsUsed: number | null;
        };
        ReservationRequest: {
            capability: string;
            quality?: string;
            model?: string;
            estimatedCredits?: number;
            promptTokens?: number;
            maxOutputTokens?: number;
            actor?: components["schemas"]["Actor"];
            subject?: components["schemas"]["Subject"];
        };
        Actor: {
            /** @enum {string} */
            type: "member" | "api_key" | "customer";
            id: string;
            name?: string;
            email?: string;
        };
        Subject: {
            type: string;
            id: string;
            name?: string;
        };
        Settlement: {
            reservationId: string;
            /** @enum {string} */
            status: "open" | "settled" | "released" | "expired";
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
            /** @example 1.25 */
            creditsUsed: number;
            /** @example 1.25 */
            creditsEstimated: number;
            /**
             * @description Cost above the most that the call may charge.
             * @example 1.25
             */
            unchargedCredits: number;
            /** @example 1.25 */
            monthlyCredits: number;
            /** @example 1.25 */
            bonusCredits: number;
            /** @example 1.25 */
            debtCredits: number;
            /**
             * @description Borne by an unlimited plan.
             * @example 1.25
             */
            coveredCredits: number;
            /** @description Ledger row; null where nothing was charged. */
            sequence: number | null;
            /** @example 1.25 */
            balanceRemaining: number;
            /**
             * @description null: unlimited.
             * @example 1.25
             */
            spendable: number | null;
        };
        /** @description Exactly one of actualCredits and usage. */
        SettleRequest: {
            actualCredits?: number;
            usage?: components["schemas"]["ModelUsage"];
        };
        ModelUsage: {
            /** @description Catalog key or provider/model of the model that served. */
            model: string;
            inputTokens: number;
            cachedInputTokens?: number;
            cacheWriteTokens?: number;
            outputTokens: number;
            reasoningTokens?: number;
        };
        ExtendRequest: {
            /** @description The model has been called. */
            dispatched?: boolean;
            usage?: components["schemas"]["ModelUsage"];
            estimatedCredits?: number;
        };
        StandingReservation: {
            id: string;
            /** @enum {string} */
            status: "open" | "settled" | "released" | "expired";
            capability: string;
            quality: string;
            /** @description The model asked for; null: the plan’s list. */
            model: string | null;
            /** @example 1.25 */
            estimatedCredits: number;
            /**
             * @description The most that settling can charge.
             * @example 1.25
             */
            maximumCredits: number;
            /** @description The model has been called: an expiry is charged. */
            dispatched: boolean;
            /** @description `type:id` of who made it here, who ends it here, or an admin; null: a call of the server. */
            remoteBy: string | null;
            /**
             * @description Once it has ended.
             * @example 1.25
             */
            creditsUsed: number | null;
            /** @description Ledger row; null where nothing was charged. */
            sequence: number | null;
            actor: {
                type: string;
                id: string;
            } | null;
            subject: {
                type: string;
                id: string;
            } | null;
            formId: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            leaseExpiresAt: string;
            /** Format: date-time */
            endedAt: string | null;
        };
        OrganizationRequest: {
            name: string;
            plan: string;
            takeIn?: {
                /**
                 * Format: date-time
                 * @example 2026-11-01T00:00:00Z
                 */
                periodAnchor: string;
                monthlyCredits?: number;
                bonusCredits?: number;
            };
        };
        Organization: {
            id: string;
            name: string;
            plan: string;
            /** @enum {string} */
            status: "active" | "past_due" | "suspended";
            unlimited: boolean;
            /** @example 1.25 */
            monthlyAllocation: number;
            isLow: boolean;
            pendingPlan: string | null;
            /** Format: date-time */
            pendingChangeAt: string | null;
            /** Format: date-time */
            periodStartsAt: string;
            /** Format: date-time */
            periodEndsAt: string;
        };
        Posting: {
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
            transaction: components["schemas"]["Transaction"];
        };
        GrantRequest: {
            /** @enum {string} */
            type: "topup" | "promo" | "referral" | "welcome" | "admin" | "refund";
            credits: number;
            /** @description What it is for, such as a payment: posted once, for ever. Default: the Idempotency-Key. */
            sourceId?: string;
            /** @description Lower is spent first. */
            priority?: number;
            /**
             * Format: date-time
             * @example 2026-11-01T00:00:00Z
             */
            expiresAt?: string;
            reason?: string;
        };
        AdjustmentRequest: {
            credits: number;
            reason: string;
            /** @description What it is for, such as a payment: posted once, for ever. Default: the Idempotency-Key. */
            sourceId?: string;
        };
        PlanChange: {
            plan: string;
            pendingPlan: string | null;
            /** Format: date-time */
            pendingChangeAt: string | null;
            /** @example 1.25 */
            creditsAdded: number;
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
        };
        Budget: {
            id: string;
            /** @enum {string} */
            scopeType: "organization" | "member" | "api_key" | "capability" | "form";
            scopeId: string | null;
            /** @enum {string} */
            period: "day" | "week" | "month";
            /** @example 1.25 */
            limitCredits: number;
            /** @description Hard refuses; soft only tells at 80 and 100 %. */
            isHard: boolean;
            /** @example 1.25 */
            usedCredits: number;
            /** @example 1.25 */
            heldCredits: number;
            /** Format: date-time */
            resetsAt: string;
        };
        BudgetRequest: {
            /** @enum {string} */
            scopeType: "organization" | "member" | "api_key" | "capability" | "form";
            /** @description The member, API key, capability or form; none for the organization. */
            scopeId?: string;
            /** @enum {string} */
            period: "day" | "week" | "month";
            limitCredits: number;
            /** @default true */
            isHard: boolean;
        };
        Party: {
            type: string;
            id: string;
            versions: {
                name: string | null;
                email: string | null;
                /** Format: date-time */
                createdAt: string;
                /** Format: date-time */
                erasedAt: string | null;
            }[];
            transactions: {
                sequence: number;
                type: string;
                /** @enum {string} */
                role: "actor" | "subject";
                /** @example 1.25 */
                amount: number;
                /** @example 1.25 */
                covered: number;
                capability: string | null;
                quality: string | null;
                model: string | null;
                formId: string | null;
                reservationId: string | null;
                reason: string | null;
                /** Format: date-time */
                createdAt: string;
            }[];
            reservations: {
                id: string;
                status: string;
                /** @enum {string} */
                role: "actor" | "subject";
                /** Format: date-time */
                createdAt: string;
            }[];
            uses: {
                limitKey: string;
                reservationId: string;
                /** Format: date-time */
                usedAt: string;
            }[];
            replies: {
                reservationId: string;
                reply?: unknown;
                /** Format: date-time */
                createdAt: string;
            }[];
            /** @description What the host’s own tables have; null where it says nothing. */
            host?: unknown;
        };
        PartyErasure: {
            /** @description Of names and addresses. */
            versions: number;
            /** @description Answers that were kept for replays. */
            replies: number;
            /** @description Of the host’s, whose payload named the person. */
            events: number;
        };
        ApiKey: {
            id: string;
            /** @description null: a platform key. */
            organizationId: string | null;
            name: string;
            /** @description First characters, to tell keys apart. */
            prefix: string;
            scopes: ("ai:run" | "credits:read" | "reservations:write" | "billing:write" | "admin")[];
            createdBy: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string | null;
            /** Format: date-time */
            revokedAt: string | null;
            /** Format: date-time */
            lastUsedAt: string | null;
        };
        CreatedApiKey: {
            id: string;
            /** @description null: a platform key. */
            organizationId: string | null;
            name: string;
            /** @description First characters, to tell keys apart. */
            prefix: string;
            scopes: ("ai:run" | "credits:read" | "reservations:write" | "billing:write" | "admin")[];
            createdBy: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string | null;
            /** Format: date-time */
            revokedAt: string | null;
            /** Format: date-time */
            lastUsedAt: string | null;
            /** @description null where the Idempotency-Key’s first answer showed it. */
            secret: string | null;
            notice?: string;
            /** @description True: nothing was done again. Also the header Idempotency-Replayed: true. */
            replayed: boolean;
        };
        ApiKeyRequest: {
            name: string;
            scopes: ("ai:run" | "credits:read" | "reservations:write" | "billing:write" | "admin")[];
            /**
             * Format: date-time
             * @example 2026-11-01T00:00:00Z
             */
            expiresAt?: string;
        };
        OperatorOverview: {
            plans: {
                plan: string;
                organizations: number;
                pastDue: number;
                suspended: number;
            }[];
            inDebt: number;
            openHolds: number;
            settleIntents: number;
            pendingEvents: number;
            /** Format: date-time */
            oldestPendingEventAt: string | null;
            pendingDeliveries: number;
            failedDeliveries: number;
            disabledEndpoints: number;
            pendingMessages: number;
            failedMessages: number;
            movedSinceCheckpoint: number;
            checkpoint: {
                number: number;
                hash: string;
                /** Format: date-time */
                createdAt: string;
            } | null;
            jobs: {
                name: string;
                /** Format: date-time */
                endedAt: string;
                ms: number;
                count: number;
                code: string | null;
                /** Format: date-time */
                lastSuccessAt: string | null;
                runs: number;
                failures: number;
            }[];
        };
        OrganizationSummary: {
            id: string;
            name: string;
            plan: string;
            /** @enum {string} */
            status: "active" | "past_due" | "suspended";
            pendingPlan: string | null;
            unlimited: boolean;
            /** @example 1.25 */
            balance: number;
            /** @example 1.25 */
            reservedCredits: number;
            /** @example 1.25 */
            usedThisPeriod: number;
            /** @example 1.25 */
            monthlyAllocation: number;
            /** @example 1.25 */
            debtCredits: number;
            /** Format: date-time */
            periodEndsAt: string;
            /** Format: date-time */
            lastTransactionAt: string;
            /** Format: date-time */
            createdAt: string;
        };
        OrganizationStory: {
            id: string;
            name: string;
            subscription: {
                status: string;
                /** Format: date-time */
                paidUntil: string | null;
                stripeCustomerId: string | null;
                stripeSubscriptionId: string | null;
                stripeStatus: string | null;
                /** Format: date-time */
                paymentFailedAt: string | null;
            };
            grants: {
                id: string;
                type: string;
                /** @example 1.25 */
                credits: number;
                /** @example 1.25 */
                remaining: number;
                priority: number;
                /** Format: date-time */
                expiresAt: string | null;
                /** Format: date-time */
                createdAt: string;
            }[];
            audit: components["schemas"]["AuditEntry"][];
        };
        AuditEntry: {
            id: number;
            actor: {
                type: string;
                id: string;
                name: string | null;
            };
            /** @example POST /organizations/{id}/grants */
            action: string;
            organizationId: string | null;
            reason: string | null;
            parameters: {
                [key: string]: unknown;
            };
            requestId: string | null;
            /** @description `done`, or the code of the refusal; null: under way, or its process died. */
            outcome: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        /** @description As defineCatalog() takes it. */
        Catalog: {
            settings?: {
                usdPerCredit?: number;
                increment?: number;
                minimumCharge?: number;
                overdraftLimit?: number;
                graceDays?: number;
                shadowMode?: boolean;
            };
            qualityLevels?: {
                [key: string]: string;
            };
            models: {
                [key: string]: string | {
                    model: string;
                    priceUsdPerMillion?: {
                        input: number;
                        output: number;
                        cachedInput?: number;
                        cacheWrite?: number;
                        reasoning?: number;
                    };
                    markupBasisPoints?: number;
                    /** Format: date-time */
                    deprecatedAt?: string;
                    replacement?: string;
                };
            };
            capabilities: {
                [key: string]: {
                    name: string;
                    description?: string;
                    outputCap?: number;
                    minimumOutput?: number;
                    enabled?: boolean;
                    estimate: {
                        [key: string]: number;
                    };
                };
            };
            plans: {
                [key: string]: {
                    name?: string;
                    monthlyCredits: number | "unlimited";
                    welcomeBonus?: number;
                    priceUsdCents?: number;
                    annualPriceUsdCents?: number;
                    markupBasisPoints?: number;
                    allows: {
                        [key: string]: {
                            perMinute?: number;
                            perHour?: number;
                            perDay?: number;
                            enabled?: boolean;
                        } & {
                            [key: string]: string[];
                        };
                    };
                };
            };
            topups?: {
                [key: string]: {
                    name?: string;
                    credits: number;
                    priceUsdCents: number;
                };
            };
        } | null;
        CatalogDifference: {
            /** @example plans.pro.monthlyCredits */
            path: string;
            /** @description Left out: it is not there. */
            database?: unknown;
            /** @description As proposed; left out: it goes. */
            file?: unknown;
        };
        CatalogSimulation: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
            organizations: number;
            plans: {
                plan: string;
                organizations: number;
                current: components["schemas"]["SimulatedPlan"];
                proposed: components["schemas"]["SimulatedPlan"];
            }[];
            stranded: {
                plan: string;
                organizations: number;
            }[];
        };
        SimulatedPlan: {
            calls: number;
            refusals: {
                [key: string]: number;
            };
            /** @example 1.25 */
            creditsCharged: number;
            providerCostUsd: number;
            subscriptionUsd: number;
            topupUsd: number;
            marginUsd: number;
        };
        LedgerVerification: {
            organizations: number;
            transactions: number;
            fromCheckpoint: number;
            checkpoint: {
                number: number;
                hash: string;
                /** Format: date-time */
                createdAt: string;
            } | null;
            problems: {
                organizationId: string | null;
                problem: string;
                sequence: number | null;
                expected: string | null;
                found: string | null;
            }[];
        };
        Drift: {
            organizationId: string;
            kind: string;
            object: string;
            stripe: string;
            books: string;
            /** @description What mends it. */
            command: string;
        };
        Margin: {
            group: string | null;
            charges: number;
            /** @example 1.25 */
            credits: number;
            chargeUsd: string;
            costUsd: string | null;
            marginUsd: string | null;
            /** @example 1.25 */
            unchargedCredits: number;
        };
        /** @description null: the model is not called. */
        ModelPrice: {
            /** @enum {string} */
            source: "operator" | "catalog" | "library";
            /**
             * @description US dollars per million tokens.
             * @example 0.25
             */
            input: string | null;
            /**
             * @description US dollars per million tokens.
             * @example 0.25
             */
            output: string | null;
            /** Format: date-time */
            effectiveAt: string;
        } | null;
        JobRun: {
            /** @description Holds that were ended, or organizations that were reset. */
            count: number;
            /** @description false: more is due, call again. */
            isDone: boolean;
        };
        SuggestQuestionsAnswer: {
            questions: string[];
            /** @description Written by the demo provider: no model was called. */
            simulated: boolean;
            /** @description provider/model that served, at whose price the call was charged. */
            model: string;
            quality: string;
            usage: components["schemas"]["AIUsage"];
            reservationId: string;
            /** @description The first answer of this Idempotency-Key, charged once. */
            replayed: boolean;
        };
        AIUsage: {
            /** @example 1.25 */
            creditsUsed: number;
            /** @example 1.25 */
            creditsEstimated: number;
            /** @example 1.25 */
            creditsMaximum: number;
            /** @example 1.25 */
            balanceRemaining: number;
            inputTokens: number;
            cachedInputTokens: number;
            outputTokens: number;
            reasoningTokens: number;
        };
        SuggestQuestionsRequest: {
            /**
             * @description Default: the lowest that the plan allows.
             * @enum {string}
             */
            quality?: "fast" | "enhanced" | "premium";
            /** @example Lumen Coffee */
            productName: string;
            /** @example Freshly roasted single-origin beans for cafés, by subscription. */
            productDescription: string;
            /** @default 5 */
            count: number;
        };
        AssembleTestimonialAnswer: {
            testimonial: string;
            /** @description Written by the demo provider: no model was called. */
            simulated: boolean;
            /** @description provider/model that served, at whose price the call was charged. */
            model: string;
            quality: string;
            usage: components["schemas"]["AIUsage"];
            reservationId: string;
            /** @description The first answer of this Idempotency-Key, charged once. */
            replayed: boolean;
        };
        AssembleTestimonialRequest: {
            /**
             * @description Default: the lowest that the plan allows.
             * @enum {string}
             */
            quality?: "fast" | "enhanced" | "premium";
            /** @example Lumen Coffee */
            productName: string;
            answers: {
                /** @example What changed since you started? */
                question: string;
                /** @example Our guests noticed within a week. */
                answer: string;
            }[];
            /**
             * @default friendly
             * @enum {string}
             */
            tone: "professional" | "friendly" | "enthusiastic" | "casual";
            /**
             * @default medium
             * @enum {string}
             */
            length: "short" | "medium" | "long";
        };
        PolishTestimonialAnswer: {
            text: string;
            /** @description Written by the demo provider: no model was called. */
            simulated: boolean;
            /** @description provider/model that served, at whose price the call was charged. */
            model: string;
            quality: string;
            usage: components["schemas"]["AIUsage"];
            reservationId: string;
            /** @description The first answer of this Idempotency-Key, charged once. */
            replayed: boolean;
        };
        PolishTestimonialRequest: {
            /**
             * @description Default: the lowest that the plan allows.
             * @enum {string}
             */
            quality?: "fast" | "enhanced" | "premium";
            /** @example i realy like the coffee ,it is allways fresh */
            text: string;
            /** @example A bit shorter */
            instruction?: string;
        };
        Generation: {
            id: string;
            personId: string;
            personName: string | null;
            /** @enum {string} */
            capability: "question_generation" | "testimonial_assembly" | "testimonial_polish";
            quality: string;
            model: string;
            simulated: boolean;
            /** @description As the route took it. */
            input: {
                [key: string]: unknown;
            };
            /** @description One of them, as the route answered it. */
            output: {
                questions?: string[];
                testimonial?: string;
                text?: string;
            };
            /** @example 1.25 */
            creditsUsed: number;
            reservationId: string;
            /** Format: date-time */
            createdAt: string;
        };
        Form: {
            id: string;
            name: string;
            productName: string;
            productDescription: string;
            questions: components["schemas"]["Question"][];
            isOpen: boolean;
            /** @description Of the public form at this server, for programs. */
            publicPath: string;
            /** @description Of its page, for people. */
            pagePath: string;
            /** @description When a customer last could not have AI help, and why; once an hour. */
            lastInterruption: {
                reason: string;
                /** Format: date-time */
                at: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Question: {
            id: string;
            text: string;
        };
        CreateFormRequest: {
            /** @example After the first delivery */
            name: string;
            /** @example Lumen Coffee */
            productName: string;
            /** @example Freshly roasted beans for cafés, by subscription. */
            productDescription?: string;
            questions?: components["schemas"]["QuestionInput"][];
            /** @default true */
            isOpen: boolean;
        };
        QuestionInput: {
            /** @description Of a question that stands; without it is a new one. */
            id?: string;
            /** @example What has changed since you started? */
            text: string;
        };
        UpdateFormRequest: {
            /** @example After the first delivery */
            name?: string;
            /** @example Lumen Coffee */
            productName?: string;
            /** @example Freshly roasted beans for cafés, by subscription. */
            productDescription?: string;
            questions?: components["schemas"]["QuestionInput"][];
            isOpen?: boolean;
        };
        AddQuestionsRequest: {
            questions: string[];
        };
        Submission: {
            id: string;
            formId: string;
            answers: {
                question: string;
                answer: string;
            }[];
            customer: {
                /** @description null: not signed in. Else as in the ledger. */
                id: string | null;
                name: string | null;
                email: string | null;
            };
            /** Format: date-time */
            createdAt: string;
        };
        Testimonial: {
            id: string;
            formId: string;
            submissionId: string | null;
            /** @enum {string} */
            status: "draft" | "submitted" | "published";
            /** @enum {string} */
            madeBy: "ai" | "manual";
            text: string;
            customerName: string | null;
            reservationId: string | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            /** Format: date-time */
            publishedAt: string | null;
        };
        PublishTestimonialRequest: {
            /** @enum {string} */
            status: "submitted" | "published";
        };
        PublicForm: {
            id: string;
            name: string;
            productName: string;
            productDescription: string;
            questions: components["schemas"]["Question"][];
            isOpen: boolean;
            aiAvailable: boolean;
            generationsRemaining: number;
            refinements: ("briefer" | "longer" | "warmer" | "more_formal" | "more_casual")[];
            /** @description Whose ID tokens are accepted; null: nobody can sign in. */
            signIn: {
                issuer: string;
                clientId: string;
                /** @description Where a page sends people for an ID token; null: the page has its own way. */
                authorizationUrl: string | null;
            } | null;
            /** @enum {string} */
            identity: "verified" | "anonymous";
            /** @description Why a token that was sent does not count. */
            notice: string | null;
        };
        PublicProblem: {
            [key: string]: unknown;
        } & (components["schemas"]["Problem"] & {
            canWriteByHand?: boolean;
            generationsRemaining?: number;
            nextAt?: string;
        });
        PublicAssembleAnswer: {
            testimonial: string;
            simulated: boolean;
            /** @description To send with the text that the customer ends with. */
            draftId: string | null;
            generationsRemaining: number;
            /** @enum {string} */
            identity: "verified" | "anonymous";
            /** @description Why a token that was sent does not count. */
            notice: string | null;
        };
        PublicAssembleRequest: {
            answers: components["schemas"]["PublicAnswer"][];
            /**
             * @description Another version of previousText; each counts as a generation.
             * @enum {string}
             */
            refinement?: "briefer" | "longer" | "warmer" | "more_formal" | "more_casual";
            /** @example Our guests noticed within a week. */
            previousText?: string;
        };
        PublicAnswer: {
            /** @example q1 */
            questionId?: string;
            /**
             * @description Or its text, as the form has it.
             * @example What has changed?
             */
            question?: string;
            /** @example Our guests noticed within a week. */
            answer: string;
        };
        PublicSubmitAnswer: {
            id: string;
            /** @enum {string} */
            status: "submitted";
            /** @enum {string} */
            madeBy: "ai" | "manual";
            /** @enum {string} */
            identity: "verified" | "anonymous";
            /** @description Why a token that was sent does not count. */
            notice: string | null;
        };
        PublicSubmitRequest: {
            /**
             * @description What the customer ends with, written by hand or assembled.
             * @example Our guests noticed within a week.
             */
            text: string;
            answers?: components["schemas"]["PublicAnswer"][];
            /**
             * @description How to name the customer.
             * @example Ada
             */
            name?: string;
            /** @description Of the assembled text, where there was one. */
            draftId?: string;
        };
        Member: {
            /** @description Of the membership. */
            id: string;
            /** @description Of the person: the actor of their ledger rows. */
            userId: string;
            name: string;
            /** @description null for viewers. */
            email: string | null;
            /** @enum {string} */
            role: "viewer" | "member" | "admin" | "owner";
            /** Format: date-time */
            createdAt: string;
        };
        Invitation: {
            id: string;
            email: string;
            /** @enum {string} */
            role: "viewer" | "member" | "admin" | "owner";
            invitedBy: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Session: {
            /** @description null: nobody is signed in. */
            person: {
                id: string;
                name: string;
                email: string;
            } | null;
            /** @description Of the platform: the operator’s pages are shown. */
            isOperator: boolean;
            organizations: {
                id: string;
                slug: string;
                name: string;
                /** @enum {string} */
                role: "viewer" | "member" | "admin" | "owner";
            }[];
            signInWith: ("password" | "google")[];
            /** @description No model provider is configured: answers are simulated. */
            simulated: boolean;
            /**
             * @description Who takes payments; in a sandbox or test mode no money moves.
             * @enum {string}
             */
            payments: "stripe" | "stripe_test" | "sandbox" | "none";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type CreditBalance = components['schemas']['CreditBalance'];
export type Problem = components['schemas']['Problem'];
export type RateLimit = components['schemas']['RateLimit'];
export type Usage = components['schemas']['Usage'];
export type Forecast = components['schemas']['Forecast'];
export type TopupPackage = components['schemas']['TopupPackage'];
export type Plan = components['schemas']['Plan'];
export type Capability = components['schemas']['Capability'];
export type Subscription = components['schemas']['Subscription'];
export type Card = components['schemas']['Card'];
export type PlanPreview = components['schemas']['PlanPreview'];
export type Upgrade = components['schemas']['Upgrade'];
export type Purchase = components['schemas']['Purchase'];
export type Invoice = components['schemas']['Invoice'];
export type Payment = components['schemas']['Payment'];
export type AutoTopup = components['schemas']['AutoTopup'];
export type NotificationPreferences = components['schemas']['NotificationPreferences'];
export type SlackConnection = components['schemas']['SlackConnection'];
export type NotificationPreferencesRequest = components['schemas']['NotificationPreferencesRequest'];
export type Notification = components['schemas']['Notification'];
export type ReadNotificationsRequest = components['schemas']['ReadNotificationsRequest'];
export type WebhookEndpoint = components['schemas']['WebhookEndpoint'];
export type CreatedWebhookEndpoint = components['schemas']['CreatedWebhookEndpoint'];
export type WebhookEndpointRequest = components['schemas']['WebhookEndpointRequest'];
export type WebhookEndpointChange = components['schemas']['WebhookEndpointChange'];
export type RotatedSecret = components['schemas']['RotatedSecret'];
export type RotateSecretRequest = components['schemas']['RotateSecretRequest'];
export type WebhookDelivery = components['schemas']['WebhookDelivery'];
export type TransactionDetail = components['schemas']['TransactionDetail'];
export type ChargeBasis = components['schemas']['ChargeBasis'];
export type Transaction = components['schemas']['Transaction'];
export type Receipt = components['schemas']['Receipt'];
export type AccessDecision = components['schemas']['AccessDecision'];
export type Reservation = components['schemas']['Reservation'];
export type ReservationRequest = components['schemas']['ReservationRequest'];
export type Actor = components['schemas']['Actor'];
export type Subject = components['schemas']['Subject'];
export type Settlement = components['schemas']['Settlement'];
export type SettleRequest = components['schemas']['SettleRequest'];
export type ModelUsage = components['schemas']['ModelUsage'];
export type ExtendRequest = components['schemas']['ExtendRequest'];
export type StandingReservation = components['schemas']['StandingReservation'];
export type OrganizationRequest = components['schemas']['OrganizationRequest'];
export type Organization = components['schemas']['Organization'];
export type Posting = components['schemas']['Posting'];
export type GrantRequest = components['schemas']['GrantRequest'];
export type AdjustmentRequest = components['schemas']['AdjustmentRequest'];
export type PlanChange = components['schemas']['PlanChange'];
export type Budget = components['schemas']['Budget'];
export type BudgetRequest = components['schemas']['BudgetRequest'];
export type Party = components['schemas']['Party'];
export type PartyErasure = components['schemas']['PartyErasure'];
export type ApiKey = components['schemas']['ApiKey'];
export type CreatedApiKey = components['schemas']['CreatedApiKey'];
export type ApiKeyRequest = components['schemas']['ApiKeyRequest'];
export type OperatorOverview = components['schemas']['OperatorOverview'];
export type OrganizationSummary = components['schemas']['OrganizationSummary'];
export type OrganizationStory = components['schemas']['OrganizationStory'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type Catalog = components['schemas']['Catalog'];
export type CatalogDifference = components['schemas']['CatalogDifference'];
export type CatalogSimulation = components['schemas']['CatalogSimulation'];
export type SimulatedPlan = components['schemas']['SimulatedPlan'];
export type LedgerVerification = components['schemas']['LedgerVerification'];
export type Drift = components['schemas']['Drift'];
export type Margin = components['schemas']['Margin'];
export type ModelPrice = components['schemas']['ModelPrice'];
export type JobRun = components['schemas']['JobRun'];
export type SuggestQuestionsAnswer = components['schemas']['SuggestQuestionsAnswer'];
export type AiUsage = components['schemas']['AIUsage'];
export type SuggestQuestionsRequest = components['schemas']['SuggestQuestionsRequest'];
export type AssembleTestimonialAnswer = components['schemas']['AssembleTestimonialAnswer'];
export type AssembleTestimonialRequest = components['schemas']['AssembleTestimonialRequest'];
export type PolishTestimonialAnswer = components['schemas']['PolishTestimonialAnswer'];
export type PolishTestimonialRequest = components['schemas']['PolishTestimonialRequest'];
export type Generation = components['schemas']['Generation'];
export type Form = components['schemas']['Form'];
export type Question = components['schemas']['Question'];
export type CreateFormRequest = components['schemas']['CreateFormRequest'];
export type QuestionInput = components['schemas']['QuestionInput'];
export type UpdateFormRequest = components['schemas']['UpdateFormRequest'];
export type AddQuestionsRequest = components['schemas']['AddQuestionsRequest'];
export type Submission = components['schemas']['Submission'];
export type Testimonial = components['schemas']['Testimonial'];
export type PublishTestimonialRequest = components['schemas']['PublishTestimonialRequest'];
export type PublicForm = components['schemas']['PublicForm'];
export type PublicProblem = components['schemas']['PublicProblem'];
export type PublicAssembleAnswer = components['schemas']['PublicAssembleAnswer'];
export type PublicAssembleRequest = components['schemas']['PublicAssembleRequest'];
export type PublicAnswer = components['schemas']['PublicAnswer'];
export type PublicSubmitAnswer = components['schemas']['PublicSubmitAnswer'];
export type PublicSubmitRequest = components['schemas']['PublicSubmitRequest'];
export type Member = components['schemas']['Member'];
export type Invitation = components['schemas']['Invitation'];
export type Session = components['schemas']['Session'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
