import {
  Button,
  ClipboardCopy,
  DescriptionList,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
} from "@patternfly/react-core";
import { graphql, useFragment } from "react-relay";
import { Link } from "react-router";

import { Fact } from "../../components/Fact";
import { callTypeLabel } from "../../lib/labels";
import { formatMoney, formatPrice } from "../../lib/money";
import { formatCount } from "../../lib/numbers";
import { keyPath } from "../../lib/paths";
import { formatDuration, formatExact } from "../../lib/time";
import { statusLabel, valueLabel } from "./values";
import type { CallDialog_call$key } from "./__generated__/CallDialog_call.graphql";

interface CallDialogProps {
  call: CallDialog_call$key;
  /** Whether it may be somebody else's. */
  all: boolean;
  onClose: () => void;
}

/** All that is known of one call. */
export function CallDialog({ call: callRef, all, onClose }: CallDialogProps) {
  const call = useFragment(
    graphql`
      fragment CallDialog_call on UsageCall {
        callId
        requestId
        model
        provider
        at
        success
        status
        callType
        stream
        cacheHit
        promptTokens
        cachedTokens
        completionTokens
        totalTokens
        spend
        priced
        latencyMs
        timeToFirstTokenMs
        price {
          inputCostPerMillion
          outputCostPerMillion
        }
        apiKey {
          id
          name
        }
        user {
          displayName
        }
      }
    `,
    callRef,
  );
  const duration = (ms: number | null | undefined) => (ms == null ? "Not measured" : formatDuration(ms));
  return (
    <Modal isOpen onClose={onClose} variant="medium" aria-labelledby="call-title">
      <ModalHeader
        title={`A call to ${call.model}`}
        labelId="call-title"
        description="What LiteLLM told of it. What was said in it is stored nowhere in LiteMaaS."
      />
      <ModalBody tabIndex={0} aria-label="The call">
        <DescriptionList columnModifier={{ default: "1Col", sm: "2Col" }} isCompact>
          <Fact name="Began">{formatExact(Date.parse(call.at))}</Fact>
          <Fact name="Result">{statusLabel(call.status)}</Fact>
          <Fact name="Key">{call.apiKey ? <Link to={keyPath(call.apiKey.id)}>{call.apiKey.name}</Link> : "Not of LiteMaaS"}</Fact>
          {all ? <Fact name="Person">{call.user?.displayName ?? "Not known"}</Fact> : null}
          <Fact name="Provider">{call.provider ? valueLabel("provider", call.provider) : "Not told"}</Fact>
          <Fact name="Kind">
            {callTypeLabel(call.callType)}
            {call.stream ? ", streamed" : ""}
          </Fact>
          <Fact name="Tokens in">
            {formatCount(call.promptTokens)}, {formatCount(call.cachedTokens)} of them from the provider’s cache
          </Fact>
          <Fact name="Tokens out">{formatCount(call.completionTokens)}</Fact>
          <Fact name="Tokens in all">{formatCount(call.totalTokens)}</Fact>
          <Fact name="Cost" about="cost">
            {formatMoney(call.spend)}
            {call.cacheHit ? ", answered from LiteLLM’s cache" : ""}
            {call.success && !call.priced ? "; LiteLLM knows no price for it" : ""}
          </Fact>
          <Fact name="Price per million tokens">
            {call.price
              ? `${formatPrice(call.price.inputCostPerMillion)} in, ${formatPrice(call.price.outputCostPerMillion)} out`
              : "Not known"}
          </Fact>
          <Fact name="Latency">{duration(call.latencyMs)}</Fact>
          <Fact name="Time to first token">{call.stream ? duration(call.timeToFirstTokenMs) : "Not streamed"}</Fact>
          <Fact name="Call id">
            <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel="Call id">
              {call.callId}
            </ClipboardCopy>
          </Fact>
          {call.requestId ? (
            <Fact name="Id in the answer">
              <ClipboardCopy isReadOnly hoverTip="Copy" clickTip="Copied" textAriaLabel="Id in the answer">
                {call.requestId}
              </ClipboardCopy>
            </Fact>
          ) : null}
        </DescriptionList>
      </ModalBody>
      <ModalFooter>
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      </ModalFooter>
    </Modal>
  );
}
