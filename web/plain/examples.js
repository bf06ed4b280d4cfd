// What one can try: the first tabs and the list of examples of GraphiQL, and the choice of the plain page.
// `isTab` tells which open as tabs on a first visit. A tab is called after its operation.

export const EXAMPLES = [
  {
    group: 'You',
    title: 'Who am I',
    isTab: true,
    query: `# Who your access token stands for, and where.
query Me {
  me {
    user { name email language timezone }
    workspace { name slug }
    role
    permissions
  }
}
`,
  },
  {
    group: 'You',
    title: 'Where I am signed in',
    query: `query Sessions {
  sessions { id isCurrent ip userAgent createdAt lastUsedAt }
}
`,
  },
  {
    group: 'Contacts',
    title: 'List contacts, with labels and owner',
    isTab: true,
    query: `query Contacts {
  contacts(
    first: 20
    orderBy: [LEAD_SCORE_HIGHEST]
  ) {
    totalCount
    nodes {
      name
      phone
      company
      leadScore
      labels { name color }
      owner { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    group: 'Contacts',
    title: 'Search and filter',
    isTab: true,
    query: `# In a search, accents and case do not count.
# A filter is typed, and takes and, or, not.
query FindContacts(
  $search: String
  $filter: ContactFilter
) {
  contacts(
    first: 20
    search: $search
    filter: $filter
    orderBy: [NAME_A_TO_Z]
  ) {
    totalCount
    nodes {
      id
      name
      phone
      company
      leadScore
      customFields
      labels { name }
    }
  }
}
`,
    variables: {
      search: 'joao',
      filter: { leadScore: { gte: 40 }, or: [{ labels: { isEmpty: false } }, { company: { contains: 'padaria' } }] },
    },
  },
  {
    group: 'Contacts',
    title: 'Create a contact',
    isTab: true,
    query: `# Run it twice: the second answer
# names the first contact, however
# the number is written.
mutation CreateContact(
  $input: ContactCreateInput!
) {
  contactCreate(input: $input) {
    contact {
      id
      name
      phone
      company
      leadScore
      customFields
    }
    duplicateOf { id name phone }
    userErrors { code message field }
  }
}
`,
    variables: {
      input: {
        name: 'Marina Lopes',
        phone: '(11) 98765-4321',
        company: 'Café Aurora',
        leadScore: 58,
        customFields: { cidade: 'São Paulo' },
      },
    },
  },
  {
    group: 'Contacts',
    title: 'Change a contact, or add one',
    query: `# The addresses name the contact.
# What is left out stays as it is.
mutation UpsertContact(
  $input: ContactUpsertInput!
) {
  contactUpsert(input: $input) {
    contact { id name phone position leadScore }
    userErrors { code message field }
  }
}
`,
    variables: { input: { phone: '+55 11 98765-4321', name: 'Marina Lopes', position: 'Compras', leadScore: 71 } },
  },
  {
    group: 'Labels and fields',
    title: 'Labels and custom fields',
    isTab: true,
    query: `query Labels {
  labels(first: 50) {
    nodes { id name color position }
  }
  customFields(first: 50) {
    nodes { key label kind options isRequired }
  }
}
`,
  },
  {
    group: 'Labels and fields',
    title: 'Create a label',
    query: `mutation CreateLabel($input: LabelCreateInput!) {
  labelCreate(input: $input) {
    label { id name color }
    userErrors { code message field }
  }
}
`,
    variables: { input: { name: 'Atacado', color: '#7C3AED' } },
  },
  {
    group: 'Labels and fields',
    title: 'Define a custom field',
    query: `mutation CreateField($input: CustomFieldCreateInput!) {
  customFieldCreate(input: $input) {
    customField { key label kind options }
    userErrors { code message field }
  }
}
`,
    variables: { input: { key: 'segmento', label: 'Segmento', kind: 'SELECT', options: ['Varejo', 'Atacado'] } },
  },
  {
    group: 'Labels and fields',
    title: 'Put labels on contacts',
    query: `# Take the ids from the answers of Contacts and Labels.
mutation LabelContacts($input: ContactLabelsInput!) {
  contactLabelsAdd(input: $input) {
    contacts { name labels { name } }
    userErrors { code message field }
  }
}
`,
    variables: { input: { contactIds: [], labelIds: [] } },
  },
  {
    group: 'Events',
    title: 'Follow the workspace',
    isTab: true,
    query: `# Start it, then change something in another
# window. When the socket drops, it goes on
# after the last cursor.
subscription Follow($after: String) {
  workspaceEvents(after: $after) {
    ... on WorkspaceEvent {
      seq
      type
      at
      actor { name }
      subjectIds
      payload
      cursor
    }
    ... on ResyncRequired { reason cursor }
  }
}
`,
  },
  {
    group: 'Events',
    title: 'Follow contacts that match',
    isTab: true,
    query: `# The contact is null when it does not match
# any more.
subscription ContactChanges(
  $after: String
  $filter: ContactFilter
) {
  contactChanged(after: $after, filter: $filter) {
    ... on ContactChanged {
      seq
      type
      at
      contactId
      contact {
        name
        phone
        leadScore
        labels { name }
      }
      cursor
    }
    ... on ResyncRequired { reason cursor }
  }
}
`,
    variables: { filter: { leadScore: { gte: 50 } } },
  },
  {
    group: 'AI',
    title: 'A reply, as it is written',
    isTab: true,
    query: `# Word by word, with what it rests on. Take a
# contact's id from Contacts, if you like.
subscription Suggest($input: CopilotInput!) {
  copilotStream(input: $input) {
    __typename
    ... on CopilotStarted { provider model persona }
    ... on CopilotAnalysis { intent sentiment }
    ... on CopilotSources {
      grounded
      sources { number title score }
    }
    ... on CopilotDelta { text }
    ... on CopilotCompleted {
      reply {
        suggestionId
        text
        generated
        confidence
        citations { title quote }
        reasoning { source name }
      }
    }
    ... on CopilotFailed { code message }
  }
}
`,
    variables: {
      input: {
        messages: [
          {
            fromCustomer: true,
            text: 'Bom dia! Vocês entregam no centro? Qual é o horário?',
          },
        ],
        alternatives: 1,
      },
    },
  },
  {
    group: 'AI',
    title: 'What a provider would see',
    query: `query Preview($text: String!) {
  piiPreview(text: $text) {
    text
    masks
    places { kind start end token }
  }
}
`,
    variables: { text: 'Sou a Ana Souza, CPF 529.982.247-25, fone (11) 98765-4321.' },
  },
  {
    group: 'AI',
    title: 'Which model would answer, and why',
    query: `query Route($strategy: RoutingStrategy) {
  aiRouteExplain(strategy: $strategy) {
    strategy
    candidates { model score costMicroUsd terms { price speed quality reliability } }
    refused { model reason }
  }
}
`,
    variables: { strategy: 'BALANCED' },
  },
  {
    group: 'AI',
    title: 'Ask the knowledge base',
    query: `query Ask($question: String!) {
  knowledgeAnswer(question: $question) {
    text
    grounded
    citations { number title quote score }
  }
}
`,
    variables: { question: 'Quanto custa a entrega?' },
  },
  {
    group: 'Workspace',
    title: 'Members and invitations',
    isTab: true,
    query: `query Team {
  users(first: 20) {
    nodes { role joinedAt user { name email } }
  }
  invites(first: 20) {
    nodes { email role expiresAt acceptedAt }
  }
}
`,
  },
  {
    group: 'Workspace',
    title: 'Invite a person',
    query: `mutation Invite($input: InviteCreateInput!) {
  inviteCreate(input: $input) {
    invite { id email role expiresAt }
    userErrors { code message field }
  }
}
`,
    variables: { input: { email: 'ana@example.com', role: 'MEMBER' } },
  },
  {
    group: 'Workspace',
    title: 'Read the settings',
    isTab: true,
    query: `query Settings {
  settings {
    workspace {
      language
      timezone
      currency
      phoneRegion
    }
    ai {
      enabled
      strategy
      persona
      maskPersonalData
    }
    notifications {
      newMessage
      assignment
      taskDue
      campaignDone
      emailDigest
    }
  }
}
`,
  },
  {
    group: 'Workspace',
    title: 'Change settings',
    query: `mutation ChangeSettings($input: SettingsUpdateInput!) {
  settingsUpdate(input: $input) {
    settings {
      workspace { timezone }
      notifications { emailDigest }
    }
    userErrors { code message field }
  }
}
`,
    variables: { input: { workspace: { timezone: 'America/Manaus' }, notifications: { emailDigest: true } } },
  },
  {
    group: 'Workspace',
    title: 'Audit log',
    isTab: true,
    query: `# What was done, by whom, and from where.
# Nobody can change it unseen.
query Audit {
  auditLog(first: 20) {
    totalCount
    nodes {
      seq
      at
      action
      subject
      subjectId
      actor { name }
      ip
      changes
    }
  }
}
`,
  },
  {
    group: 'Workspace',
    title: 'Usage',
    isTab: true,
    query: `query Usage {
  workspaceUsage {
    since
    members
    openInvites
    contacts
    archivedContacts
    labels
    customFields
    contactsCreated
    events
    auditedActs
  }
}
`,
  },
];

/** Return the variables of an example as an editor shows them. */
export function variablesText({ variables }) {
  return variables ? JSON.stringify(variables, null, 2) : '';
}
