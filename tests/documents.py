"""Operations that several tests send."""

FIND = """
query($s: String!) {
  models(first: 1, filter: {search: $s}) { totalCount edges { node { id name access mySubscription { status } } } }
}
"""
SUBSCRIBE = """
mutation($m: ID!, $why: String) {
  requestModelSubscription(input: {modelId: $m, justification: $why}) {
    __typename
    ... on RequestModelSubscriptionSuccess { subscription { id status model { name } user { username } spend } }
    ... on AlreadySubscribed { message subscription { id status } }
    ... on InvalidInput { message field }
  }
}
"""
CREATE = """
mutation($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeySuccess {
      secret
      apiKey { id name prefix lastFour status inSync spend lastUsedAt models { name } user { username } }
    }
    ... on NotSubscribed { message field models { name } }
    ... on InvalidInput { message field }
  }
}
"""
REVOKE = """
mutation($k: ID!) {
  revokeApiKey(input: {apiKeyId: $k}) {
    __typename
    ... on RevokeApiKeySuccess { apiKey { id status inSync } }
    ... on InvalidTransition { message status }
    ... on InvalidInput { message field }
  }
}
"""
USAGE = """
query($r: TimeRange!) {
  viewer {
    usage(range: $r) {
      id
      complete
      totals { requests failures promptTokens completionTokens totalTokens spend }
      byModel { key label totals { requests spend } }
      byApiKey { key label totals { requests } }
      series(interval: HOUR) { start totals { requests } }
    }
  }
}
"""
LIVE = """
subscription($r: TimeRange) {
  usageChanged(range: $r) { asOf totals { requests failures spend } usage { id totals { requests } } }
}
"""
USED = """
subscription($k: ID!) {
  apiKeyUsed(apiKeyId: $k) { apiKey { id name } model at success errorCode totalTokens spend latencyMs }
}
"""

CREATE_TOKEN = """mutation CreateToken($input: CreateAccessTokenInput!) { createAccessToken(input: $input) { __typename
  ... on CreateAccessTokenSuccess { secret accessToken {
    id name lastFour scopes status expiresAt revokedAt lastUsedAt lastUsedAddress user { username } } }
  ... on TooManyAccessTokens { limit message } ... on InvalidInput { field message } } }"""
