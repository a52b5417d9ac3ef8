import {
  Alert,
  Button,
  Content,
  Login,
  LoginFooter,
  LoginHeader,
  LoginMainBody,
  LoginMainHeader,
  Skeleton,
  Stack,
  StackItem,
  Title,
} from "@patternfly/react-core";
import { graphql } from "react-relay";
import { useSearchParams } from "react-router";

import { loginHref, safeNextPath } from "../../lib/nextPath";
import { explainSignIn } from "../../lib/signInErrors";
import { Logo } from "../../shell/Logo";
import { QueryBoundary, usePageQuery } from "../../shell/QueryBoundary";
import { SignedOut } from "./SignedOut";
import { SandboxUsers } from "./SandboxUsers";
import type { SignInPageQuery } from "./__generated__/SignInPageQuery.graphql";

const PROVIDERS: Record<string, string> = { OPENSHIFT: "OpenShift", OIDC: "your organisation's account" };

function SignIn({ next }: { next: string }) {
  const { signIn } = usePageQuery<SignInPageQuery>(
    graphql`
      query SignInPageQuery {
        portal {
          signIn {
            provider
            loginUrl
            ...SandboxUsers_signIn
          }
        }
      }
    `,
    {},
  ).portal;
  const ways =
    signIn.provider === "SANDBOX" ? (
      <SandboxUsers signIn={signIn} next={next} />
    ) : (
      <Button component="a" href={loginHref(signIn.loginUrl, next)} isBlock size="lg">
        Sign in with {PROVIDERS[signIn.provider] ?? "your account"}
      </Button>
    );
  return (
    <Stack hasGutter>
      <SignedOut provider={signIn.provider} />
      <StackItem>{ways}</StackItem>
    </Stack>
  );
}

const skeleton = (
  <Stack hasGutter>
    <StackItem>
      <Skeleton height="3rem" screenreaderText="Loading the ways to sign in" />
    </StackItem>
    <StackItem>
      <Skeleton height="3rem" />
    </StackItem>
  </Stack>
);

export function SignInPage() {
  const [search] = useSearchParams();
  const next = safeNextPath(search.get("next"));
  const error = search.get("error");
  const failure = error === null ? undefined : explainSignIn(error);
  return (
    <>
      <title>Sign in · LiteMaaS</title>
      <Login
        header={<LoginHeader headerBrand={<Logo />} />}
        footer={
          <LoginFooter>
            <Content component="p">
              Find a model, get a key, and watch what you use and spend. Your calls go straight to the model; LiteMaaS
              never sees what you ask.
            </Content>
          </LoginFooter>
        }
      >
        <LoginMainHeader>
          <Title headingLevel="h1" size="3xl">
            Sign in
          </Title>
        </LoginMainHeader>
        <LoginMainBody>
          <Stack hasGutter>
            {search.has("expired") ? (
              <StackItem>
                <Alert isInline variant="info" title="Your session has ended" component="h2">
                  Sign in again to go on where you were.
                </Alert>
              </StackItem>
            ) : null}
            {failure ? (
              <StackItem>
                <Alert isInline variant="danger" title={failure.title} component="h2">
                  {failure.help}
                </Alert>
              </StackItem>
            ) : null}
            <StackItem>
              <QueryBoundary skeleton={skeleton}>
                <SignIn next={next} />
              </QueryBoundary>
            </StackItem>
          </Stack>
        </LoginMainBody>
      </Login>
    </>
  );
}
