/** A mail as it is sent. Only `to` and what is in the texts differs by what somebody gave. */
export type Mail = {
  /** The same whenever the same mail is sent again, so that whoever gets it twice can tell. */
  readonly mailId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
};

/** Why a mail was not sent: never is, not now, or nothing is as the server does not answer. The message names no address. */
export type MailTrouble = 'refused' | 'delayed' | 'unavailable';

export class MailNotSent extends Error {
  readonly trouble: MailTrouble;
  constructor(trouble: MailTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MailNotSent';
    this.trouble = trouble;
  }
}

/** Sends mails. `send` resolves when somebody else is responsible for the mail; rejects with `MailNotSent`. */
export type Mailer = {
  readonly send: (mail: Mail) => Promise<void>;
  /** Where mails go, for the log. */
  readonly to: string;
  readonly close: () => void;
};
