using ExecutionManager.Contracts.Messages;
using ExecutionManager.Domain;
using MassTransit;

namespace ExecutionManager.Sagas;

/// <summary>Desired against reported: what the contract should be and do, repeated until the device confirms it.</summary>
internal static class Desires
{
    private const long MostIntents = 1L << 52;   // JSON's numbers are exact up to 2^53

    /// <summary>Changes the intent; a change gets the next version, so an older one never wins.</summary>
    public static void Desire(this ContractState saga, Intent intent)
    {
        if (saga.Intent != intent)
        {
            saga.Intent = intent;
            saga.IntentVersion++;
            saga.Open = saga.Open with { CommandAttempts = 0 };
        }
    }

    /// <summary>Takes the newest intent that the device says it has. One above ours was given before the contract was known
    /// here: what is desired goes above it, or the device would ignore it.</summary>
    public static void Confirm(this ContractState saga, long intentVersion)
    {
        if (intentVersion > saga.IntentVersion && intentVersion < MostIntents)
        {
            saga.IntentVersion = intentVersion + 1;
        }

        saga.ConfirmedIntentVersion = Math.Max(saga.ConfirmedIntentVersion, Math.Min(intentVersion, saga.IntentVersion));
    }

    /// <summary>Sends what is desired, if the device is there and its journal is read; else it goes out at the connect.</summary>
    public static EventActivityBinder<ContractState, T> Express<T>(this EventActivityBinder<ContractState, T> binder)
        where T : class =>
        binder.ThenAsync(context => context.Express());

    /// <summary>Sends the plan of the desired revision, as a first push or as the next revision.</summary>
    public static EventActivityBinder<ContractState, T> PushPlan<T>(this EventActivityBinder<ContractState, T> binder, bool counted = true)
        where T : class =>
        binder.ThenAsync(context => context.PushPlan(counted));

    public static async Task Express(this BehaviorContext<ContractState> context)
    {
        var saga = context.Saga;
        if (!saga.Connected || saga.SentRevision == 0)
        {
            return;
        }

        if (!saga.RunsAfterJournal && !saga.RunsWithPush && await context.Desired() is var (desired, epoch))
        {
            await context.Publish(new SetDesired
            {
                ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = epoch, Revision = saga.AcceptedRevision > 0 ? saga.AcceptedRevision : saga.SentRevision,
                Intent = desired.Intent, IntentVersion = desired.IntentVersion, AsOf = desired.AsOf, ValidFor = desired.ValidFor,
            });
        }

        if (!saga.IsObeyed && !saga.RunsWithPush && saga.IsOpen)
        {
            await context.ArmIn(DeadlineKind.Command, context.Work().Settings.Command);
        }
        else if (saga.Open.Actuals is null)
        {
            await context.Disarm(DeadlineKind.Command);
        }
    }

    /// <summary>Stops what a device still holds of a contract that is over.</summary>
    public static async Task SendStop(this BehaviorContext<ContractState> context)
    {
        var saga = context.Saga;
        var device = await context.Work().Records.Device(saga.DeviceId, context.CancellationToken);
        await context.Publish(new SetDesired
        {
            ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = device.Connection?.Epoch ?? saga.ConnectionEpoch,
            Revision = Math.Max(saga.AcceptedRevision, saga.SentRevision), Intent = Intent.Stop, IntentVersion = saga.IntentVersion,
        });
    }

    public static async Task PushPlan(this BehaviorContext<ContractState> context, bool counted)
    {
        var (saga, work) = (context.Saga, context.Work());
        var plan = await context.Plan(saga.Revision);
        var waitsForJournal = saga.Open.Actuals is not null;   // then it goes out when the actuals are complete
        if (!waitsForJournal && await context.Desired(plan) is var (desired, epoch))
        {
            var json = ContractDocument.Write(plan);
            var hash = ContractDocument.Hash(json);
            await context.Publish(new PushContract
            {
                ContractId = saga.CorrelationId, DeviceId = saga.DeviceId, ConnectionEpoch = epoch,
                ContentHash = hash, Contract = Shown.Read(json), Desired = desired,
            });
            saga.SentRevision = Math.Max(saga.SentRevision, saga.Revision);
            saga.Open = saga.Open with
            {
                PushedIntentVersion = saga.IntentVersion, PushedHash = hash, SentEpoch = epoch,
                DeniedRevision = saga.Open.DeniedRevision < saga.Revision ? saga.Open.DeniedRevision : 0,
            };
        }

        saga.Open = saga.Open with { Attempts = saga.Open.Attempts + (counted && !waitsForJournal ? 1 : 0) };
        await context.ArmIn(DeadlineKind.Accept, work.Settings.Accept);
    }

    /// <summary>The desire as it may be sent now. Run and hold are grants: they echo the device's own clock and are
    /// committed with this message. Null while nothing of this epoch was heard that could be echoed.</summary>
    private static async Task<(Desired Desired, long Epoch)?> Desired(this BehaviorContext<ContractState> context, Contract? plan = null)
    {
        var (saga, work) = (context.Saga, context.Work());
        var device = await work.Records.Device(saga.DeviceId, context.CancellationToken);
        var epoch = device.Connection?.Epoch ?? saga.ConnectionEpoch;
        if (saga.Intent == Intent.Stop)
        {
            return (new Desired { Intent = Intent.Stop, IntentVersion = saga.IntentVersion }, epoch);
        }

        var contact = Newest(device.Contact, context.Findings().Contact, epoch);
        if (contact is null)
        {
            return null;
        }

        var scope = (plan ?? await context.Plan(saga.AcceptedRevision > 0 ? saga.AcceptedRevision : saga.Revision)).Scope;
        await work.Records.Grant(
            saga.CorrelationId,
            new LeaseGrant(epoch, contact.UptimeMs, contact.ReceivedAt, scope.OfflineAllowance, scope.StopTime, work.Now),
            context.CancellationToken);
        return (new Desired { Intent = saga.Intent, IntentVersion = saga.IntentVersion, AsOf = contact.UptimeMs, ValidFor = scope.OfflineAllowance }, epoch);
    }

    private static Contact? Newest(Contact? stored, Contact? own, long epoch)
    {
        var candidates = new[] { stored, own }.Where(contact => contact?.Epoch == epoch);
        return candidates.MaxBy(contact => contact!.UptimeMs);
    }
}
