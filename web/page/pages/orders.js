// Every order that was thought of: sent, filled, denied, and those that protect what is held.
import { html } from "../parts/html.js";
import { Loaded, useRead } from "../parts/load.js";
import { ORDER_LINES, OrderTable } from "../parts/orders.js";
import { Link, useQuery } from "../parts/router.js";
import { Pages } from "../parts/table.js";

export function Orders() {
  const [query, change] = useQuery();
  const open = query.open === "1";
  const path = `/api/orders?limit=50${open ? "&open=true" : ""}`;
  const orders = useRead(path, ORDER_LINES);
  return html`<h1>Orders</h1>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label class="check">
        <input type="checkbox" checked=${open} onChange=${(event) => change({ open: event.target.checked ? "1" : undefined })} />
        Only those that may still fill
      </label>
    </form>
    <${Loaded} of=${orders} empty=${open ? NONE_OPEN : html`<${NoneYet} />`}>
      ${(said) => html`<${Pages} first=${said} path=${path} by="cursor" keyOf=${(each) => each.client_order_id}>
        ${(items) => html`<${OrderTable} name=${open ? "Open orders" : "Orders"} orders=${items} cycles />`}
      <//>`}
    <//>`;
}

const NONE_OPEN = "None is open: nothing waits at the broker, and nothing that is held has a stop or a target there.";

function NoneYet() {
  return html`None yet. Orders follow from a cycle: <${Link} href="/cycles">run one<//>.`;
}
