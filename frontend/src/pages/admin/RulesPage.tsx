import { Card, CardBody, CardTitle, Content, PageSection, Skeleton, Stack, StackItem } from "@patternfly/react-core";
import { Table, Tbody, Td, Th, Thead, Tr } from "@patternfly/react-table";
import { graphql } from "react-relay";
import { Link } from "react-router";

import { Limits } from "../../components/Limits";
import { isAdmin } from "../../lib/reader";
import { PageHeading } from "../../shell/PageHeading";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { KeyRules } from "./KeyRules";
import { SubscriptionRulesForm } from "./SubscriptionRulesForm";
import type { RulesPageQuery } from "./__generated__/RulesPageQuery.graphql";

function Loaded() {
  const { viewer, admin } = usePageQuery<RulesPageQuery>(
    graphql`
      query RulesPageQuery {
        viewer {
          user {
            id
            role
          }
          keyPolicy {
            ...KeyRules_policy
          }
          subscriptionPolicy {
            ...SubscriptionRulesForm_policy
          }
        }
        admin {
          subscriptionPolicies {
            maxBudget
            maxRequests
            maxTokens
            budgetDuration
            rpmLimit
            tpmLimit
            lifeDays
            model {
              id
              name
            }
          }
        }
      }
    `,
    {},
    // A form keeps what it began with: it must not begin with what was known before.
    "network-only",
  );
  const canChange = isAdmin(viewer.user);
  const own = admin.subscriptionPolicies.flatMap(({ model, ...policy }) => (model ? [{ model, policy }] : []));
  return (
    <Stack hasGutter>
      <StackItem>
        <KeyRules policy={viewer.keyPolicy} canChange={canChange} />
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">Subscriptions</CardTitle>
          <CardBody>
            <Content component="p">
              What a subscription gets when nobody says anything. Who asks for more has to wait for an administrator, also
              where the model is open. Subscriptions that are there keep what they have.
            </Content>
            <SubscriptionRulesForm
              name="Rules for subscriptions"
              policy={viewer.subscriptionPolicy}
              modelId={null}
              canChange={canChange}
              onSaved={() => {}}
            />
          </CardBody>
        </Card>
      </StackItem>
      <StackItem>
        <Card>
          <CardTitle component="h2">Models with rules of their own</CardTitle>
          <CardBody>
            {own.length === 0 ? (
              <Content component="p">
                None. Give a model its own on the page <Link to="/admin/models">Models’ access</Link>.
              </Content>
            ) : (
              <Table aria-label="Models with rules of their own" variant="compact" gridBreakPoint="grid-md">
                <Thead>
                  <Tr>
                    <Th>Model</Th>
                    <Th>Limits</Th>
                    <Th>Life</Th>
                  </Tr>
                </Thead>
                <Tbody>
                  {own.map(({ model, policy }) => (
                    <Tr key={model.id}>
                      <Td dataLabel="Model">
                        <Link to={`/admin/models?${new URLSearchParams({ q: model.name })}`}>{model.name}</Link>
                      </Td>
                      <Td dataLabel="Limits">
                        <div>
                          <Limits {...policy} />
                        </div>
                      </Td>
                      <Td dataLabel="Life">{policy.lifeDays == null ? "For ever" : `${policy.lifeDays} days`}</Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
            )}
          </CardBody>
        </Card>
      </StackItem>
    </Stack>
  );
}

/** What everybody's keys and subscriptions may have at most, and what they get by default. */
export function RulesPage() {
  return (
    <>
      <PageHeading title="Rules" description="What keys may have at most, and what subscriptions get by default." />
      <PageSection isFilled>
        <QueryBoundary skeleton={<Skeleton height="24rem" screenreaderText="Loading the rules" />}>
          <Loaded />
        </QueryBoundary>
      </PageSection>
    </>
  );
}
