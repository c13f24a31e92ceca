"""The broken shop's hosting on this machine: a Vercel-compatible and a Railway-compatible provider.

seed     what exists at the start: ids, versions, commits
effects  the durable log of what took effect, and the counts that the stories report
server   what both share: their two addresses, the shop's pages, bad days on demand
vercel   the frontend's provider, REST; its state in vercel_state, what never changes in vercel.json
railway  the backend's provider, GraphQL; its state in railway_state, its schema in railway.graphql
"""
